// What nobody can read: texts that are cut, that run out of the window, or that lie over others. As sentences.
// Looks within shadow roots; not into drawn tables (a canvas), nor at what is hidden from eyes on purpose.
() => {
  const up = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const lineage = (element) => {
    const all = [];
    for (let one = element; one; one = up(one)) all.push(one);
    return all;
  };
  const SILENT = ["SCRIPT", "STYLE", "NOSCRIPT", "TEXTAREA", "CANVAS", "TITLE"];

  const texts = [];
  const collect = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) collect(element.shadowRoot);
      if (SILENT.includes(element.tagName)) continue;
      for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
        if (boxes.length) texts.push({ element, said: node.data.trim().slice(0, 60), boxes });
      }
    }
  };

  const isShown = (parents) => {
    const boxed = parents.find((one) => getComputedStyle(one).display !== "contents");
    const asked = { opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true };
    if (!boxed.checkVisibility(asked)) return false;
    if (parents.some((one) => one.matches('[data-testid="stDataFrame"], [role="tooltip"], .tip'))) return false;
    return !parents.some((one) => {
      const box = one.getBoundingClientRect(); // for screen readers alone
      return box.width <= 2 && box.height <= 2 && getComputedStyle(one).overflow === "hidden";
    });
  };

  // The nearest element that cuts its content along an axis, and whether one can scroll to the rest of it.
  const holder = (parents, axis) => {
    const found = parents.find((one) => {
      if (one === document.documentElement || (one instanceof SVGElement && one.tagName !== "svg")) return false;
      return /hidden|clip|auto|scroll/.test(getComputedStyle(one)[`overflow${axis}`]);
    });
    return {
      box: found?.getBoundingClientRect(),
      scrolls: found ? /auto|scroll/.test(getComputedStyle(found)[`overflow${axis}`]) : false,
    };
  };

  const main = document.querySelector('[data-testid="stMain"]') ?? document.body;
  const width = document.documentElement.clientWidth;
  const problems = [];
  const wide = main.scrollWidth - main.clientWidth;
  if (wide > 1) problems.push(`the page is ${wide} px too wide`);
  collect(main);

  const shown = [];
  for (const { element, said, boxes } of texts) {
    const parents = lineage(element);
    if (!isShown(parents)) continue;
    const across = holder(parents, "X");
    const down = holder(parents, "Y");
    const left = Math.max(across.box?.left ?? 0, 0);
    const right = Math.min(across.box?.right ?? width, width);
    const top = down.box?.top ?? -Infinity;
    const bottom = down.box?.bottom ?? Infinity;
    const rest = [];
    for (const box of boxes) {
      if (!across.scrolls && (box.right > right + 1.5 || box.left < left - 1.5)) problems.push(`cut at the side: ${said}`);
      else if (!down.scrolls && (box.bottom > bottom + 4 || box.top < top - 4)) problems.push(`cut above or below: ${said}`);
      const part = {
        left: Math.max(box.left, left),
        right: Math.min(box.right, right),
        top: Math.max(box.top, top),
        bottom: Math.min(box.bottom, bottom),
      };
      if (part.right - part.left > 1 && part.bottom - part.top > 1) rest.push(part);
    }
    const shortened = getComputedStyle(element).textOverflow === "ellipsis" && element.scrollWidth > element.clientWidth + 1;
    if (shortened) problems.push(`cut short: ${said}`);
    if (rest.length) shown.push({ element, said, boxes: rest });
  }

  const overlap = (a, b) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return across > 3 && down > 0.35 * Math.min(a.bottom - a.top, b.bottom - b.top); // lines may touch
  };
  shown.forEach((one, place) => {
    for (const other of shown.slice(place + 1)) {
      if (one.element.contains(other.element) || other.element.contains(one.element)) continue;
      if (one.boxes.some((a) => other.boxes.some((b) => overlap(a, b)))) {
        problems.push(`over each other: ${one.said} | ${other.said}`);
      }
    }
  });
  return [...new Set(problems)];
}
