// The switch between models on a narrow screen: hides the columns of the others, which are named by their classes.

const STYLE = "bcos-one-model";

function hideOthers(shown, count, narrow) {
  const style = document.getElementById(STYLE) ?? document.head.appendChild(document.createElement("style"));
  style.id = STYLE;
  const hidden = [...Array(count).keys()]
    .filter((place) => place !== shown)
    .map((place) => `[data-testid="stColumn"]:has([class*="st-key-of-${place}-"])`);
  style.textContent = `@media (max-width: ${narrow}px) { ${hidden.join(", ")} { display: none; } }`;
}

function remember(shown) {
  const query = new URLSearchParams(location.search);
  query.set("shown", shown);
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
}

export default function ({ data, parentElement, setStateValue }) {
  const group = parentElement.querySelector("fieldset");
  const inputs = data.models.map((name, place) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "model", value: place, checked: place === data.shown });
    input.onchange = () => {
      hideOthers(place, data.models.length, data.narrow);
      remember(place);
      setStateValue("shown", place);
    };
    const label = document.createElement("label");
    label.append(input, name);
    return label;
  });
  group.replaceChildren(...inputs);
  hideOthers(data.shown, data.models.length, data.narrow);
  return () => document.getElementById(STYLE)?.remove();
}
