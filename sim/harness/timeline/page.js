"use strict";
/**
 * The timeline of the run that is on the page, on a canvas: zoom and pan by mouse and keyboard. Everything it shows is in the tables, too. Another run may take
 * its place when `signal` has ended this one.
 */
function timeline(signal) {
  const data = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("timeline");
  const status = document.getElementById("status");
  const dialog = document.getElementById("chain");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  const ROW = 26, HEAD = 22, LABEL = 150, LEAST_SPAN = 1e3;
  const view = { from: 0, to: Math.max(data.end, LEAST_SPAN) };
  let selected = -1;

  /** Picoseconds in words. */
  function time(ps) {
    for (const [unit, size] of [["s", 1e12], ["ms", 1e9], ["us", 1e6], ["ns", 1e3]]) {
      if (Math.abs(ps) >= size) return `${+(ps / size).toFixed(3)} ${unit}`;
    }
    return `${Math.round(ps)} ps`;
  }

  /** Index of the first item that ends after `at`; items are in order, but a long one may lie before short ones. */
  function first(row, at) {
    let low = 0, high = row.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row.reach[middle] < at) low = middle + 1; else high = middle;
    }
    return low;
  }

  for (const row of data.rows) {
    let reach = 0;
    row.reach = row.items.map((item) => (reach = Math.max(reach, item[1])));
  }

  function fit() {
    const scale = window.devicePixelRatio || 1;
    const height = HEAD + ROW * data.rows.length + 4;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(canvas.clientWidth * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    draw();
  }

  const width = () => Math.max(canvas.clientWidth - LABEL, 1);
  const x = (at) => LABEL + (at - view.from) / (view.to - view.from) * width();
  const at = (px) => view.from + (px - LABEL) / width() * (view.to - view.from);

  function axis(g) {
    const span = view.to - view.from;
    let step = 10 ** Math.floor(Math.log10(span / 4));
    if (span / step > 20) step *= 5; else if (span / step > 8) step *= 2;
    g.fillStyle = colour("dim");
    g.strokeStyle = colour("line");
    g.beginPath();
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      g.fillText(time(t), x(t) + 3, 14);
      g.moveTo(x(t), 0);
      g.lineTo(x(t), canvas.clientHeight);
    }
    g.stroke();
  }

  /** One row. What falls on the same pixel is drawn once, so a run of any length costs what the screen is wide. */
  function row(g, n) {
    const { name, items } = data.rows[n];
    const top = HEAD + n * ROW;
    const scale = width() / (view.to - view.from);
    let drawn = -1, drawnLost = -1;
    for (let i = first(data.rows[n], view.from); i < items.length && items[i][0] <= view.to; ) {
      const [from, to, kind, text, loss] = items[i];
      const left = Math.max(x(from), LABEL), right = Math.min(Math.max(x(to), left + 1), canvas.clientWidth);
      const lost = loss !== undefined;
      if (right > drawn + 0.5 || (lost && right > drawnLost + 0.5)) {
        g.fillStyle = colour(lost ? "lost" : kind);
        // A loss is never thinner than two whole pixels: it must be seen between millions of others.
        if (lost) g.fillRect(Math.floor(left), top + 1, Math.max(right - left, 2), ROW - 2);
        else g.fillRect(left, top + 4, right - left, ROW - 8);
        if (loss !== undefined && loss === selected) {
          g.strokeStyle = colour("text");
          g.strokeRect(left - 1.5, top + 0.5, right - left + 3, ROW - 1);
        }
        if (right - left > 40) {
          g.fillStyle = colour("back");
          g.save();
          g.beginPath();
          g.rect(left, top, right - left, ROW);
          g.clip();
          g.fillText(text, left + 3, top + ROW / 2 + 4);
          g.restore();
        }
        drawn = Math.max(drawn, right);
        if (lost) drawnLost = right;
      }
      i++;
      // Far out, thousands share a pixel: go on with the first that reaches the next one, but never past a loss.
      if (scale * (to - from) < 0.25 && i < items.length && x(items[i][1]) < drawn) {
        const skip = first(data.rows[n], at(drawn));
        const loss = data.rows[n].losses.find((l) => l >= i);
        i = Math.max(i, Math.min(skip, loss ?? skip));
      }
    }
    g.fillStyle = colour("back");
    g.fillRect(0, top, LABEL, ROW);
    g.fillStyle = colour("text");
    g.fillText(name, 4, top + ROW / 2 + 4, LABEL - 8);
  }

  function draw() {
    const g = canvas.getContext("2d");
    g.font = "12px system-ui, sans-serif";
    g.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    axis(g);
    for (let n = 0; n < data.rows.length; n++) row(g, n);
    status.textContent = `${time(view.from)} to ${time(view.to)}`;
  }

  function show(from, to) {
    const span = Math.min(Math.max(to - from, LEAST_SPAN), Math.max(data.end, LEAST_SPAN));
    view.from = Math.min(Math.max(from, 0), Math.max(data.end - span, 0));
    view.to = view.from + span;
    draw();
  }

  const zoom = (by, about) => show(about - (about - view.from) * by, about + (view.to - about) * by);
  const pan = (share) => {
    const by = (view.to - view.from) * share;
    show(view.from + by, view.to + by);
  };

  /** What lies at a point, or nearest to it within two pixels: a loss rather than anything else. */
  function hit(px, py) {
    const found = data.rows[Math.floor((py - HEAD) / ROW)];
    if (!found || px < LABEL) return undefined;
    const here = at(px), slack = (view.to - view.from) / width() * 2;
    let best, least = Infinity;
    for (let i = first(found, here - slack); i < found.items.length && found.items[i][0] <= here + slack; i++) {
      const [from, to, , , loss] = found.items[i];
      const far = Math.max(from - here, here - to, 0) + (loss === undefined ? slack : 0);
      if (far < least) [best, least] = [found.items[i], far];
    }
    return best;
  }

  /** Opens the causal chain of a loss. */
  function open(loss) {
    const { text, place } = data.losses[loss];
    selected = loss;
    document.getElementById("chain-title").textContent = place;
    document.getElementById("chain-links").replaceChildren(...text.map((link) => {
      const item = document.createElement("li");
      item.textContent = link;
      return item;
    }));
    draw();
    if (!dialog.open) dialog.showModal();
  }

  /** Selects the next loss, or the one before, and brings it into view. */
  function step(by) {
    if (!data.losses.length) return;
    selected = selected < 0 ? (by > 0 ? 0 : data.losses.length - 1) : Math.min(Math.max(selected + by, 0), data.losses.length - 1);
    const loss = data.losses[selected];
    if (loss.at < view.from || loss.at > view.to) {
      const half = (view.to - view.from) / 2;
      show(loss.at - half, loss.at + half);
    } else draw();
    status.textContent = `loss ${selected + 1} of ${data.losses.length}: ${loss.place}. Enter opens its chain.`;
  }

  const keys = {
    "+": () => zoom(0.5, (view.from + view.to) / 2), "=": () => zoom(0.5, (view.from + view.to) / 2),
    "-": () => zoom(2, (view.from + view.to) / 2),
    ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2),
    ArrowDown: () => step(1), ArrowUp: () => step(-1),
    Home: () => show(0, data.end), Enter: () => selected >= 0 && open(selected),
  };
  canvas.addEventListener("keydown", (event) => {
    const action = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / 1000);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event.offsetX));
  }, { passive: false });
  let grip;
  canvas.addEventListener("pointerdown", (event) => {
    grip = { x: event.offsetX, from: view.from, to: view.to, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) {
      const item = hit(event.offsetX, event.offsetY);
      canvas.title = item ? `${item[3]}, ${time(item[0])}, ${time(item[1] - item[0])} long` : "";
      return;
    }
    const by = (grip.x - event.offsetX) / width() * (grip.to - grip.from);
    grip.moved ||= Math.abs(grip.x - event.offsetX) > 3;
    if (grip.moved) show(grip.from + by, grip.to + by);
  });
  canvas.addEventListener("pointerup", (event) => {
    const item = grip && !grip.moved && hit(event.offsetX, event.offsetY);
    grip = undefined;
    if (item && item[4] !== undefined) open(item[4]);
  });
  canvas.addEventListener("pointercancel", () => { grip = undefined; });
  for (const button of document.querySelectorAll("[data-key]")) {
    button.addEventListener("click", () => keys[button.dataset.key]());
  }
  for (const button of document.querySelectorAll("[data-loss]")) {
    button.addEventListener("click", () => open(Number(button.dataset.loss)));
  }
  window.addEventListener("resize", fit, { signal });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  fit();
}
