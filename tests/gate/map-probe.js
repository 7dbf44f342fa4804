// Put at the end of the page of a sweep by tests/maps.rs: uses the page as a person does, and leaves what came of it in an attribute.
addEventListener("load", () => {
  const seen = window.seen;
  const $ = (id) => document.getElementById(id);
  const links = () => [...document.querySelectorAll("#chain-links li")].map((li) => li.textContent);
  const painted = () => $("timeline").getContext("2d").getImageData(0, 0, $("timeline").width, $("timeline").height).data.some((v) => v !== 0);
  const key = (key) => $("timeline").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const pressed = () => [...document.querySelectorAll(".map [aria-pressed='true']")].map((b) => b.dataset.run);
  const look = () => {
    key("ArrowDown");
    const loss = $("status").textContent;
    key("Enter");
    const all = { title: $("run-title").textContent, painted: painted(), open: $("chain").open, links: links(), status: loss,
      pressed: pressed(), losses: JSON.parse($("data").textContent).losses.length };
    $("chain").close();
    return all;
  };
  try {
    const map = document.querySelector(".map table");
    seen.columns = [...map.querySelectorAll("thead tr:last-child th[scope=col]")].map((th) => th.textContent);
    seen.rows = [...map.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.textContent));
    seen.headed = [...map.querySelectorAll("tbody tr")].every((tr) => tr.firstElementChild.matches("th[scope=row]"));
    seen.colours = [...map.querySelectorAll("tbody td")].map((td) => getComputedStyle(td).backgroundColor);
    seen.first = look();
    const buttons = [...map.querySelectorAll("[data-run]")];
    seen.buttons = buttons.length;
    const second = map.querySelector("[data-run='1']");
    second.focus();
    seen.focusable = document.activeElement === second;
    seen.label = second.getAttribute("aria-label");
    second.click();
    seen.focused = document.activeElement === $("run-title");
    seen.second = look();
    document.querySelector("table:not(.map table) [data-run='0']").click();
    seen.again = look();
    seen.unique = ["timeline", "data", "status", "run-title", "picture"].every((id) => document.querySelectorAll(`#${id}`).length === 1);
    seen.unnamed = [...document.querySelectorAll("button, canvas, table, dialog, [role=region]")].filter((e) =>
      !(e.textContent.trim() || e.getAttribute("aria-label"))).length;
  } catch (error) { seen.errors.push(`probe: ${error.stack}`); }
  seen.requests = performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith("data:"));
  document.documentElement.setAttribute("data-seen", encodeURIComponent(JSON.stringify(seen)));
});
