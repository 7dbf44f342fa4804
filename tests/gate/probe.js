// Put at the end of a page by tests/html.rs: uses the page as a person does, and leaves what came of it in an attribute.
addEventListener("load", () => {
  const seen = window.seen;
  const canvas = document.getElementById("timeline"), dialog = document.getElementById("chain");
  const links = () => [...document.querySelectorAll("#chain-links li")].map((li) => li.textContent);
  const key = (key) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const status = () => document.getElementById("status").textContent;
  const painted = () => canvas.toDataURL();
  try {
    const data = JSON.parse(document.getElementById("data").textContent);
    seen.painted = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v !== 0);
    // By keyboard: zoom, pan, home, next loss, its chain.
    const whole = painted();
    key("+"); seen.zoomed = status(); seen.zoomChanges = painted() !== whole;
    key("ArrowRight"); seen.panned = status();
    key("Home"); seen.home = status();
    key("ArrowDown"); seen.selected = status();
    key("Enter"); seen.byKey = { open: dialog.open, title: document.getElementById("chain-title").textContent, links: links() };
    dialog.close();
    // By mouse, on the last lost byte of the first row. Synthetic pointers cannot be captured.
    canvas.setPointerCapture = () => {};
    key("Home");
    const row = data.rows[0], item = row.items[row.losses[row.losses.length - 1]];
    const box = canvas.getBoundingClientRect(), label = 150;
    const at = { clientX: box.left + 1 + label + (item[0] + item[1]) / 2 / data.end * (canvas.clientWidth - label), clientY: box.top + 1 + 22 + 13, pointerId: 1, bubbles: true };
    canvas.dispatchEvent(new PointerEvent("pointerdown", at));
    canvas.dispatchEvent(new PointerEvent("pointerup", at));
    seen.byMouse = { open: dialog.open, links: links() };
    dialog.close();
    // From the table, as a screen reader would.
    document.querySelector("[data-loss='0']").click();
    seen.byTable = { open: dialog.open, links: links(), focusInside: dialog.contains(document.activeElement) };
    dialog.close();
    seen.unnamed = [...document.querySelectorAll("button, canvas, table, dialog")].filter((e) =>
      !(e.textContent.trim() || e.getAttribute("aria-label"))).length;
    seen.focusable = canvas.tabIndex === 0;
    seen.losses = data.losses.length;
  } catch (error) { seen.errors.push(`probe: ${error.stack}`); }
  seen.requests = performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith("data:"));
  document.documentElement.setAttribute("data-seen", encodeURIComponent(JSON.stringify(seen)));
});
