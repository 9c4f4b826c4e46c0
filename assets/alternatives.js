// What else could have stood in the place of a written token: a row each, a button that makes it the foil. Every string
// of the data becomes a text node or an attribute, so that a token can never become markup.

function drawRow(row) {
  const fill = element("span", "fill");
  fill.style.width = `${row.share * 100}%`;
  const name = element("span", "name", element("span", "token", row.text));
  if (row.part) name.append(element("span", "part", row.part));
  const button = element(
    "button", row.written ? "written" : "", name, element("span", "track", fill), element("span", "value", row.value),
  );
  button.type = "button";
  button.title = row.tip;
  button.setAttribute("aria-label", row.label);
  button.setAttribute("aria-pressed", String(row.foil));
  button.choice = row.number;
  return element("li", "", button);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".alternatives");
  const all = () => [...root.querySelectorAll("button")];
  const focused = all().indexOf(root.querySelector("button:focus"));
  root.replaceChildren(...data.rows.map(drawRow));
  watchClicks(root, (one, other) => one.choice === other.choice, (button) => {
    setTriggerValue("foil", { number: button.choice, at: data.at });
  });
  if (focused >= 0) all()[focused]?.focus();
}
