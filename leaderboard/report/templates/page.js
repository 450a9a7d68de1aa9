"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const get = (id) => document.getElementById(id);
  const root = document.documentElement;
  const scheme = get("scheme"), mode = get("mode"), team = get("team");

  const currentMode = () => (mode ? mode.value : Object.keys(data.views)[0].split("/")[0]);
  const currentView = () => `${currentMode()}/${scheme.value}`;

  // Which ranking is shown.
  const show = () => {
    for (const item of all("[data-view]")) item.hidden = item.dataset.view !== currentView();
    for (const item of all("[data-mode]")) item.hidden = item.dataset.mode !== currentMode();
    startSweep();
  };
  scheme.addEventListener("change", show);
  if (mode) mode.addEventListener("change", show);

  // Which team is coloured; its shapes go on top of the others'.
  const pick = (index) => {
    for (const item of all(".picked")) item.classList.remove("picked");
    for (const item of all(`[data-team="${index}"]`)) {
      item.classList.add("picked");
      if (item.classList.contains("curve")) item.parentNode.append(item);
    }
  };
  team.addEventListener("change", () => pick(team.value));
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".pick");
    if (!button) return;
    team.value = button.closest("[data-team]").dataset.team;
    pick(team.value);
  });

  // Light and dark.
  const theme = get("theme");
  const isDark = () => (root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const labelTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", `${theme.textContent} colours`);
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    labelTheme();
  });
  labelTheme();

  // Sorting: empty cells stay last in both directions.
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  const sortBy = (button) => {
    const head = button.closest("th"), table = button.closest("table"), body = table.tBodies[0];
    const was = head.getAttribute("aria-sort");
    const up = was ? was === "descending" : button.dataset.first === "up";
    for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[head.cellIndex].dataset.sort;
    const rows = [...body.rows].map((row) => [row, value(row)]);
    rows.sort(([, a], [, b]) => (a === "") - (b === "") || (up ? 1 : -1) * compare(a, b));
    body.append(...rows.map(([row]) => row));
    body.classList.toggle("resorted", head.cellIndex > 0 || !up);
  };
  for (const button of all(".ranking thead button")) button.addEventListener("click", () => sortBy(button));

  // The weight sweep.
  const weight = get("weight"), share = get("share"), live = get("live");
  const ROW = 28;
  let terms = null, items = [];
  const makeItem = (index) => {
    const item = document.createElement("li");
    item.dataset.team = index;
    for (const name of ["place", "who", "track", "total"]) {
      const part = document.createElement("span");
      part.className = name;
      item.append(part);
    }
    item.children[1].textContent = data.teams[index];
    item.children[2].append(Object.assign(document.createElement("span"), { className: "bar" }));
    item.classList.toggle("picked", String(index) === team.value);
    return item;
  };
  const startSweep = () => {
    terms = data.views[currentView()];
    get("sweep").hidden = !terms;
    if (!terms) return;
    items = terms.team.map(makeItem);
    live.replaceChildren(...items);
    live.style.height = `${ROW * items.length}px`;
    resetWeights();
  };
  const resetWeights = () => {
    weight.value = Math.round(terms.weight * 100);
    share.value = Math.round(terms.share * 100);
    moveRanks();
  };
  const moveRanks = () => {
    const w = weight.value / 100, s = share.value / 100;
    get("weight-out").textContent = `${weight.value} %`;
    get("share-out").textContent = `${share.value} %`;
    const scores = terms.team.map((_, k) =>
      w * terms.accuracy[k] + (1 - w) * (s * terms.time[k] + (1 - s) * terms.memory[k]));
    const rounded = scores.map((score) => Math.round(score * 1e9));
    const order = scores.map((_, k) => k).sort((a, b) => rounded[b] - rounded[a] || a - b);
    const low = Math.min(0, ...scores), high = low < 0 ? Math.max(...scores) : Math.max(1, ...scores);
    order.forEach((k, place) => {
      const rank = 1 + rounded.filter((score) => score > rounded[k]).length;
      const item = items[k];
      item.style.transform = `translateY(${ROW * place}px)`;
      item.dataset.rank = rank;
      item.children[0].textContent = rank;
      item.children[2].firstChild.style.width = `${(100 * (scores[k] - low)) / (high - low || 1)}%`;
      item.children[3].textContent = scores[k].toFixed(3);
    });
    const firsts = order.filter((k) => rounded[k] === rounded[order[0]]).map((k) => data.teams[terms.team[k]]);
    get("live-note").textContent = `First at these weights: ${firsts.join(", ")}.`;
  };
  // Readers without sight hear the list in its order; moving the nodes while a bar slides would stop it.
  const settle = () => {
    const place = (item) => Number(/\((\d+)/.exec(item.style.transform)[1]);
    live.append(...[...items].sort((a, b) => place(a) - place(b)));
  };
  for (const slider of [weight, share]) {
    slider.addEventListener("input", moveRanks);
    slider.addEventListener("change", settle);
  }
  get("reset").addEventListener("click", resetWeights);

  // The methods paragraph.
  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const text = button.closest(".view").querySelector(".methods");
      getSelection().selectAllChildren(text);
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Selected: press Ctrl+C";
      }
    });
  }

  // The gallery: a picture in large, with arrow keys.
  const viewer = get("viewer"), pictures = all(".gallery .open");
  let shown = 0;
  const showPicture = (place) => {
    shown = (place + pictures.length) % pictures.length;
    const button = pictures[shown];
    get("viewer-picture").replaceChildren(button.querySelector("svg").cloneNode(true));
    get("viewer-text").replaceChildren(
      document.createTextNode(`${button.querySelector(".off").textContent}: `),
      button.querySelector(".what").cloneNode(true));
    if (!viewer.open) viewer.showModal();
  };
  pictures.forEach((button, place) => button.addEventListener("click", () => showPicture(place)));
  if (viewer) {
    get("previous").addEventListener("click", () => showPicture(shown - 1));
    get("next").addEventListener("click", () => showPicture(shown + 1));
    get("close").addEventListener("click", () => viewer.close());
    viewer.addEventListener("close", () => pictures[shown].focus());
    viewer.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") showPicture(shown - 1);
      if (event.key === "ArrowRight") showPicture(shown + 1);
    });
  }

  show();
  pick(team.value);
})();
