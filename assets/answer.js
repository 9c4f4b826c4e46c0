// A model's name, what it answers (in bold), which output is explained, and what is true of its whole column. Every string becomes a text node or an attribute, never markup.

function drawBar(bar, score) {
  const row = element("li", bar.answers ? "answers" : "", element("span", "label", bar.label));
  if (!score) {
    const fill = element("span", "fill");
    fill.style.width = `${bar.share * 100}%`;
    row.append(element("span", "track", fill));
  }
  row.append(element("span", "value", bar.value));
  if (bar.explained) row.append(element("span", "explained", bar.explained));
  row.title = bar.help;
  return row;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".answer");
  const list = element("ul", "", ...data.bars.map((bar) => drawBar(bar, data.score)));
  if (data.more) list.append(element("li", "more", `and ${data.more} more`));
  root.setAttribute("aria-label", data.model);
  const head = element("div", "head", element("h2", "", data.model));
  if (data.change) {
    const change = element("span", "change", data.change.text);
    change.title = data.change.tip;
    head.append(change);
  }
  // How much the whole length of a bar is in this column: rows read it (heatmap.js).
  if (data.longest) document.documentElement.style.setProperty(data.scale, data.longest);
  root.replaceChildren(head, list, ...data.notes.map((note) => element("p", "", note)));
}
