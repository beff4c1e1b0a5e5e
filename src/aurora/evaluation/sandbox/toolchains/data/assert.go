// What tests of benchmarks call of testify.
package assert

import ("bytes"; "math"; "reflect")

type TestingT interface { Errorf(format string, args ...interface{}) }

type Assertions struct { t TestingT }

func New(t TestingT) *Assertions { return &Assertions{t} }

func same(expected, actual interface{}) bool {
	left, ok := expected.([]byte)
	right, also := actual.([]byte)
	if ok && also && left != nil && right != nil { return bytes.Equal(left, right) }
	return reflect.DeepEqual(expected, actual)
}

func say(t TestingT, holds bool, expected, actual interface{}) bool {
	if !holds { t.Errorf("expected %#v, found %#v", expected, actual) }
	return holds
}

func near(expected, actual interface{}, delta float64) bool {
	left, right := reflect.ValueOf(expected), reflect.ValueOf(actual)
	float := reflect.TypeOf(0.0)
	if !left.IsValid() || !right.IsValid() { return false }
	if !left.CanConvert(float) || !right.CanConvert(float) { return false }
	return math.Abs(left.Convert(float).Float()-right.Convert(float).Float()) <= delta
}

func Equal(t TestingT, expected, actual interface{}, _ ...interface{}) bool { return say(t, same(expected, actual), expected, actual) }
func True(t TestingT, value bool, _ ...interface{}) bool { return say(t, value, true, value) }
func False(t TestingT, value bool, _ ...interface{}) bool { return say(t, !value, false, value) }
func Nil(t TestingT, value interface{}, _ ...interface{}) bool { return say(t, value == nil || isNil(value), nil, value) }
func InDelta(t TestingT, expected, actual interface{}, delta float64, _ ...interface{}) bool {
	return say(t, near(expected, actual, delta), expected, actual)
}

func isNil(value interface{}) bool {
	kind := reflect.ValueOf(value)
	switch kind.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Ptr, reflect.Slice: return kind.IsNil()
	}
	return false
}

func (a *Assertions) Equal(expected, actual interface{}, _ ...interface{}) bool { return Equal(a.t, expected, actual) }
func (a *Assertions) True(value bool, _ ...interface{}) bool { return True(a.t, value) }
func (a *Assertions) False(value bool, _ ...interface{}) bool { return False(a.t, value) }
func (a *Assertions) Nil(value interface{}, _ ...interface{}) bool { return Nil(a.t, value) }
func (a *Assertions) InDelta(expected, actual interface{}, delta float64, _ ...interface{}) bool {
	return InDelta(a.t, expected, actual, delta)
}
