// A text below itself: a row for each method, the text with its heat, what is known to decide in a box. Every string of
// the data becomes a text node or an attribute, so that a text can never become markup.

function drawRun(run) {
  if (!run.light) return document.createTextNode(run.text);
  const word = element(run.marked ? "mark" : "span", "word", run.text);
  word.title = run.tip;
  word.style.setProperty("--light", run.light);
  word.style.setProperty("--dark", run.dark);
  return word;
}

function drawRow(row) {
  const text = element("dd", "text", ...row.runs.map(drawRun));
  text.dir = "auto";
  const head = element("dt", "", element("span", "method", row.method), element("span", "found", row.found));
  return element("div", row.chance ? "row chance" : "row", head, text);
}

export default function ({ data, parentElement }) {
  parentElement.querySelector(".strips").replaceChildren(...data.rows.map(drawRow));
}
