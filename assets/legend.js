// What colours mean: a strip between its two ends for each kind of method, and the rule of the scale.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".legends");
  const drawn = data.strips.map((one) => {
    const strip = element("span", `strip ${data.presentation}`);
    strip.style.setProperty("--light", one.light);
    strip.style.setProperty("--dark", one.dark);
    return element("span", "legend", element("span", "", one.ends[0]), strip, element("span", "", one.ends[1]));
  });
  root.replaceChildren(...drawn, element("span", "rule", data.rule));
}
