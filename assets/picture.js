// Saves a self-contained HTML page as a PNG: the browser draws it (every script, every emoji, its own fonts) inside
// an SVG image, and the image onto a canvas. Nothing leaves the machine.

const WIDTH = 1200;
const PIXELS = 2; // per CSS pixel

async function draw(html, dark) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const page = document.createElement("div");
  page.style.cssText = `position:absolute;left:-${WIDTH * 2}px;top:0;width:${WIDTH}px;color-scheme:${dark ? "dark" : "light"}`;
  const shadow = page.attachShadow({ mode: "open" }); // its style touches nothing else
  shadow.append(...parsed.head.querySelectorAll("style"), ...parsed.body.childNodes);
  document.body.append(page);
  const height = Math.ceil(page.getBoundingClientRect().height);
  const root = document.createElement("div");
  root.style.cssText = `width:${WIDTH}px;color-scheme:${dark ? "dark" : "light"}`;
  root.append(...shadow.childNodes);
  page.remove();
  const xml = new XMLSerializer().serializeToString(root);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}">`
    + `<foreignObject width="100%" height="100%">${xml}</foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * PIXELS;
  canvas.height = height * PIXELS;
  const context = canvas.getContext("2d");
  context.scale(PIXELS, PIXELS);
  context.drawImage(image, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("empty"))), "image/png");
  });
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = async () => {
    try {
      const scheme = getComputedStyle(button).colorScheme;
      const both = scheme.includes("light") && scheme.includes("dark");
      const dark = both ? matchMedia("(prefers-color-scheme: dark)").matches : scheme.includes("dark");
      const url = URL.createObjectURL(await draw(data.html, dark));
      const link = document.createElement("a");
      link.href = url;
      link.download = data.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch {
      button.textContent = "This browser cannot draw it; save the HTML page";
      setTimeout(() => { button.textContent = data.label; }, 4000);
    }
  };
}
