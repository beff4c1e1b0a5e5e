// The crate rand as it was in version 0.7, and drawing the same numbers every time.
pub use current::*;
use current::{distributions::{uniform::SampleUniform, Distribution, Standard}, rngs::StdRng, Error, SeedableRng};
use std::cell::RefCell;

pub trait Rng: current::RngCore {
    fn gen<T>(&mut self) -> T where Standard: Distribution<T> { current::Rng::gen(self) }
    fn gen_range<T: SampleUniform + PartialOrd>(&mut self, low: T, high: T) -> T {
        current::Rng::gen_range(self, low..high)
    }
    fn gen_bool(&mut self, chance: f64) -> bool { current::Rng::gen_bool(self, chance) }
}
impl<R: current::RngCore + ?Sized> Rng for R {}

thread_local! { static STATE: RefCell<StdRng> = RefCell::new(StdRng::seed_from_u64(4)); }

pub struct ThreadRng;
impl current::RngCore for ThreadRng {
    fn next_u32(&mut self) -> u32 { STATE.with(|state| state.borrow_mut().next_u32()) }
    fn next_u64(&mut self) -> u64 { STATE.with(|state| state.borrow_mut().next_u64()) }
    fn fill_bytes(&mut self, bytes: &mut [u8]) { STATE.with(|state| state.borrow_mut().fill_bytes(bytes)) }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> { self.fill_bytes(bytes); Ok(()) }
}
pub fn thread_rng() -> ThreadRng { ThreadRng }
pub fn random<T>() -> T where Standard: Distribution<T> { current::Rng::gen(&mut ThreadRng) }
