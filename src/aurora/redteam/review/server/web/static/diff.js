// What an edit changed, word by word, as nodes to show.
//
// One decision: words are what the language's own segmenter says, so a change in Japanese, which has no spaces, is one of
// words too. What is alike at both ends is never compared; of the rest only so much that the page stays quick.

const MOST = 1_500; // words of either side that are compared; more are shown as replaced whole

export function difference(before, after, language) {
  const [one, other] = [words(before, language), words(after, language)];
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < one.length - start && end < other.length - start
    && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  const middle = between(one.slice(start, one.length - end), other.slice(start, other.length - end));
  return joined([["same", one.slice(0, start).join("")], ...middle, ["same", end ? one.slice(-end).join("") : ""]]);
}

export function nodes(parts) {
  return parts.map(([kind, text]) => {
    if (kind === "same") return document.createTextNode(text);
    const node = document.createElement(kind);
    node.textContent = text;
    return node;
  });
}

function words(text, language) {
  try {
    return Array.from(new Intl.Segmenter(language, {granularity: "word"}).segment(text), part => part.segment);
  } catch { return text.split(/(\s+)/).filter(Boolean); }
}

function between(one, other) {
  if (one.length > MOST || other.length > MOST) return [["del", one.join("")], ["ins", other.join("")]];
  const width = other.length + 1;
  const longest = new Uint16Array((one.length + 1) * width); // of common words, from each pair of places to the ends
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = one[i] === other[j] ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const parts = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) { parts.push(["same", one[i]]); i += 1; j += 1; }
    else if (j === other.length || (i < one.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      parts.push(["del", one[i]]); i += 1;
    } else { parts.push(["ins", other[j]]); j += 1; }
  }
  return parts;
}

function joined(parts) {
  const result = [];
  for (const [kind, text] of parts) {
    if (!text) continue;
    if (result.length && result[result.length - 1][0] === kind) result[result.length - 1][1] += text;
    else result.push([kind, text]);
  }
  return result;
}
