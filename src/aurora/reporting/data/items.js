// The items of a comparison: shows those that fit the filters, a page of them at a time.
(() => {
  "use strict";
  const PAGE = 25;
  const part = name => document.getElementById(name);
  const items = [...document.querySelectorAll(".item")];
  const texts = new Map();
  let first = 0;

  const text = item => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const value = name => (part(name) ? part(name).value : "");
  const fits = (item, words, kind, model, unit) => {
    const states = item.dataset.states;
    const pair = model ? states[0] + states[Number(model)] : states[0];
    const flipped = pair === "01" || pair === "10";
    return (!unit || item.dataset.unit === unit)
      && (!kind || (kind === "flip" ? flipped : pair === kind))
      && words.every(word => text(item).includes(word));
  };
  const show = () => {
    const words = value("words").toLowerCase().split(/\s+/).filter(Boolean);
    const found = items.filter(item => fits(item, words, value("kind"), value("model"), value("unit")));
    if (first >= found.length) first = 0;
    const shown = new Set(found.slice(first, first + PAGE));
    items.forEach(item => { item.hidden = !shown.has(item); });
    part("none").hidden = found.length > 0;
    part("pages").hidden = false;
    part("previous").disabled = first === 0;
    part("next").disabled = first + PAGE >= found.length;
    part("shown").textContent = found.length
      ? `${first + 1} to ${Math.min(first + PAGE, found.length)} of ${found.length}` : "0 items";
  };
  const turn = by => { first = Math.max(0, first + by); show(); part("items").scrollIntoView(); };

  part("filters").hidden = false;
  part("filters").addEventListener("input", () => { first = 0; show(); });
  part("previous").addEventListener("click", () => turn(-PAGE));
  part("next").addEventListener("click", () => turn(PAGE));
  show();
})();
