"use strict";
(() => {
  const table = document.getElementById("candidates");
  const details = document.getElementById("details");
  const heads = [...table.tHead.rows[0].cells];
  const near = 28; // pixels from the pointer to a mark
  let shown = null;

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };

  const show = (number) => {
    const row = document.getElementById("candidate-" + number);
    if (number === shown || !row) return;
    shown = number;
    const list = document.createElement("dl");
    heads.forEach((head, place) => {
      const text = row.cells[place].textContent;
      if (place > 0 && text && text !== "–") list.append(element("dt", head.textContent), element("dd", text));
    });
    const link = element("a", "to its row in the table");
    link.href = "#candidate-" + number;
    details.replaceChildren(element("h3", "Candidate " + number), list, link);
    document.querySelectorAll(".mark").forEach((mark) => {
      mark.classList.toggle("shown", mark.dataset.number === number);
    });
  };

  const place = (mark) => {
    const box = mark.lastElementChild.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };

  document.querySelectorAll("[data-plot]").forEach((plot) => {
    const marks = [...plot.querySelectorAll(".mark")];
    const pointed = (event) => {
      const apart = marks.map((mark) => {
        const [x, y] = place(mark);
        return Math.hypot(x - event.clientX, y - event.clientY);
      });
      const least = Math.min(...apart);
      // Of marks on top of each other the last is what is seen.
      if (least < near) show(marks[apart.lastIndexOf(least)].dataset.number);
    };
    plot.addEventListener("pointermove", pointed);
    plot.addEventListener("pointerdown", pointed);
    plot.addEventListener("click", (event) => {
      // The enter key goes to the row in the table; a finger on a mark only points at it.
      if (event.detail > 0 && event.target.closest(".mark")) event.preventDefault();
    });

    // One stop for the tab key; the arrow keys go from left to right, as one sees them.
    const walk = [...marks].sort((a, b) => place(a)[0] - place(b)[0]);
    walk.forEach((mark, at) => {
      mark.tabIndex = at === 0 ? 0 : -1;
      mark.addEventListener("focus", () => {
        walk.forEach((other) => { other.tabIndex = other === mark ? 0 : -1; });
        show(mark.dataset.number);
      });
      mark.addEventListener("keydown", (event) => {
        const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
        const goal = { Home: walk[0], End: walk[walk.length - 1] }[event.key] || walk[at + steps[event.key]];
        if (goal) goal.focus();
        if (event.key in steps || goal) event.preventDefault();
      });
    });
  });

  const open = () => {
    const row = document.getElementById(location.hash.slice(1));
    const folded = row && row.closest("details");
    if (folded) folded.open = true;
    if (row) row.scrollIntoView({ block: "center" });
  };
  window.addEventListener("hashchange", open);
  if (location.hash) open();

  details.hidden = false;
  if (details.dataset.start) show(details.dataset.start);

  const copy = document.getElementById("copy");
  if (!copy) return;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const recipe = document.getElementById("recipe");
    const said = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(recipe.textContent);
      said.textContent = "Copied.";
    } catch {
      // A page that was opened from a file may not write to the clipboard everywhere.
      getSelection().selectAllChildren(recipe);
      said.textContent = "Selected: copy it with Ctrl+C.";
    }
  });
})();
