// Makes the rows of the matrix beside it buttons. Plotly draws the chart, and its labels anew with every zoom; a click on
// a cell is an event of its own, a click or key on a label is one of the label.

function labelsOf(chart) {
  return [...chart.querySelectorAll(".ytick text")];
}

// A label begins with the number of its token, from 1.
function rowOf(label, data) {
  return Number.parseInt(label.textContent, 10) - 1 - data.first;
}

function markLabels(chart, data, choose) {
  const labels = labelsOf(chart).filter((label) => data.rows[rowOf(label, data)] !== undefined);
  labels.sort((one, other) => rowOf(one, data) - rowOf(other, data)); // Plotly draws them from below
  for (const label of labels) {
    const row = rowOf(label, data);
    label.setAttribute("role", "button");
    label.setAttribute("aria-label", data.rows[row]);
    label.setAttribute("aria-pressed", String(row === data.chosen));
    label.setAttribute("tabindex", "-1");
    label.style.pointerEvents = "all";
    label.onclick = (event) => { event.stopPropagation(); choose(row); };
    label.onkeydown = (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(row);
      }
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const next = step && labels[labels.indexOf(label) + step];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      if (!next) return;
      for (const one of labels) one.setAttribute("tabindex", one === next ? "0" : "-1");
      next.focus();
    };
  }
  // One tab stop for all rows: the arrow keys walk from one to the next.
  (labels.find((label) => rowOf(label, data) === data.chosen) ?? labels[0])?.setAttribute("tabindex", "0");
}

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.getRootNode().host ?? parentElement;
  const box = host.closest(`.st-key-${data.within}`);
  if (!box) return;
  const choose = (row) => { if (data.rows[row] !== undefined) setTriggerValue("row", { row, drawn: data.drawn }); };
  const attach = () => {
    const chart = box.querySelector(".js-plotly-plot");
    if (!chart?.on) return;
    chart.rows = { data, choose };
    if (!chart.listens) {
      chart.listens = true;
      chart.on("plotly_click", (event) => chart.rows.choose(event.points[0].pointIndex[0]));
      chart.on("plotly_afterplot", () => markLabels(chart, chart.rows.data, chart.rows.choose));
    }
    markLabels(chart, data, choose);
  };
  attach();
  // The chart may come after this, or be made anew.
  const watcher = new MutationObserver(() => { if (box.querySelector(".js-plotly-plot")?.rows?.data !== data) attach(); });
  watcher.observe(box, { childList: true, subtree: true });
  return () => watcher.disconnect();
}
