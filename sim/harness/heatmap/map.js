"use strict";
{
  const place = document.getElementById("run");
  const first = place.cloneNode(true);
  let ending = new AbortController();

  function mark(number) {
    for (const button of document.querySelectorAll("[data-run]")) {
      button.setAttribute("aria-pressed", String(button.dataset.run === number));
    }
    timeline(ending.signal);
  }

  /** Puts another run in the place of the one that is shown. */
  function show(number) {
    ending.abort();
    ending = new AbortController();
    const from = number === "0" ? first : document.getElementById(`run-${number}`).content;
    place.replaceChildren(...from.cloneNode(true).childNodes);
    mark(number);
    document.getElementById("run-title").focus();
  }

  for (const button of document.querySelectorAll("[data-run]")) {
    button.addEventListener("click", () => show(button.dataset.run));
  }
  mark("0");
}
