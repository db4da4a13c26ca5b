// Makes the page handier: filters, copying, unfolding. It only hides and shows what is there; without it everything is shown.
"use strict";
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  const say = (text) => { byId("told").textContent = text; };

  // A link to a violation unfolds it, also in browsers that do not by themselves.
  const unfold = () => {
    const place = byId(decodeURIComponent(location.hash.slice(1)));
    const folded = place && place.closest("details:not([open])");
    if (folded) {
      folded.open = true;
      place.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();

  const folding = byId("folding");
  if (folding) {
    folding.hidden = false;
    folding.addEventListener("click", (event) => {
      if (event.target.type !== "button") return;
      const isOpen = Boolean(event.target.dataset.unfold);
      all(".story > details").forEach((details) => { details.open = isOpen; });
    });
  }

  // Where the browser offers no clipboard the text is selected, so that one key copies it.
  const copy = async (text, element) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      getSelection().selectAllChildren(element);
      return document.execCommand("copy");
    }
  };
  all("button.copy").forEach((button) => {
    const word = button.firstChild;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      const isCopied = await copy(code.textContent, code);
      word.data = isCopied ? "copied" : "selected";
      say(isCopied ? "copied" : "selected: copy it with your keyboard");
      setTimeout(() => { word.data = "copy"; say(""); }, 2000);
    });
  });

  const filters = byId("filters");
  if (!filters) return;
  const rows = all(".summary tr[data-verdict]").map((row) => {
    const link = row.querySelector("th a");
    const place = link && byId(decodeURIComponent(link.hash.slice(1)));
    return { row, words: row.textContent.toLowerCase(), story: place && place.closest(".story") };
  });
  const families = all(".summary .family");
  const value = (name) => (filters.elements[name] ? filters.elements[name].value : "");
  const filter = () => {
    const words = value("text").toLowerCase().split(/\s+/);
    const [judgement, verdict] = [value("judgement"), value("verdict")];
    let count = 0;
    for (const { row, words: told, story } of rows) {
      const matches = words.every((word) => told.includes(word))
        && (!judgement || row.dataset.judgement === judgement)
        && (!verdict || row.dataset.verdict === verdict);
      row.hidden = !matches;
      if (story) story.hidden = !matches;
      count += Number(matches);
    }
    families.forEach((family) => { family.hidden = !family.querySelector("tr[data-verdict]:not([hidden])"); });
    byId("matching").textContent = `${count} of ${rows.length} shown`;
  };
  filters.hidden = false;
  filters.addEventListener("input", filter);
  filters.addEventListener("reset", () => setTimeout(filter));
  filters.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
