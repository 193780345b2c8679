// The correlation graph on a canvas: places come from the server, so the same plan is always the same picture.
"use strict";

const place = document.querySelector("[data-graph]");
const canvas = place.querySelector("canvas");
const tip = place.querySelector(".tip");
const state = place.querySelector("[data-state]");
const legend = place.querySelector("[data-legend]");
const pen = canvas.getContext("2d");
const view = { x: 0, y: 0, scale: 1 };
// Radii in pixels of the quietest and the busiest, among many and among few.
const MANY = [2.4, 9];
const FEW = [5, 17];
let graph = null;
let colourBy = "group";
let only = null;
let hovered = -1;
let wanted = "";
let whole = 1;
let asked = false;
let near = [];
let sizes = MANY;
let circles = [];

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const parts = () => (colourBy === "group" ? graph.groups : graph.communities);
const partOf = (i) => (colourBy === "group" ? graph.group[i] : graph.community[i]);
const radius = (i) => (sizes[0] + (sizes[1] - sizes[0]) * graph.size[i]) * Math.min(3, Math.max(0.75, Math.sqrt(view.scale / whole)));
const across = (i) => graph.x[i] * view.scale + view.x;
const down = (i) => graph.y[i] * view.scale + view.y;
const isFound = (i) => wanted !== "" && graph.folded[i].includes(wanted);
const isLit = (i) => (only === null || partOf(i) === only) && (wanted === "" || isFound(i)) && (hovered < 0 || near[i]);

function draw() {
  asked = false;
  const started = performance.now();
  const ratio = devicePixelRatio || 1;
  const wide = canvas.clientWidth;
  const high = canvas.clientHeight;
  if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(high * ratio)) {
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, high);
  const ink = style("--ink");
  const ground = style("--ground");
  const dim = only !== null || wanted !== "" || hovered >= 0;
  const colours = parts().map((part) => part.colour);
  pen.fillStyle = ink;
  for (const circle of circles) {
    pen.globalAlpha = colourBy === "community" && only === circle.community ? 0.1 : 0.045;
    pen.beginPath();
    pen.arc(circle.x * view.scale + view.x, circle.y * view.scale + view.y, circle.radius * view.scale, 0, 2 * Math.PI);
    pen.fill();
  }
  for (const lit of [false, true]) {
    pen.beginPath();
    for (const [a, b] of graph.ties) {
      const own = hovered >= 0 ? a === hovered || b === hovered : dim && isLit(a) && isLit(b);
      if (own !== lit) continue;
      pen.moveTo(across(a), down(a));
      pen.lineTo(across(b), down(b));
    }
    pen.strokeStyle = ink;
    pen.globalAlpha = lit ? 0.5 : dim ? 0.05 : 0.13;
    pen.lineWidth = lit ? 1.3 : 0.8;
    pen.stroke();
  }
  pen.lineWidth = 1;
  pen.strokeStyle = ground;
  for (let i = graph.names.length - 1; i >= 0; i--) {
    const x = across(i);
    const y = down(i);
    const r = radius(i);
    if (x < -r || y < -r || x > wide + r || y > high + r) continue;
    pen.globalAlpha = !dim || isLit(i) ? 1 : 0.14;
    pen.fillStyle = colours[partOf(i)];
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.fill();
    if (r > 3) pen.stroke();
  }
  pen.globalAlpha = 1;
  label(ink, ground, wide, high, dim);
  place.dataset.frameMs = (performance.now() - started).toFixed(2);
  place.dataset.frames = Number(place.dataset.frames ?? 0) + 1;
}

// The busiest first, and none over another: as many names as there is room for.
function label(ink, ground, wide, high, dim) {
  pen.font = "12px ui-sans-serif, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "top";
  pen.lineJoin = "round";
  const taken = [];
  for (let i = 0; i < graph.names.length && graph.names.length <= 200; i++) {
    const r = radius(i);
    taken.push([across(i) - r, down(i) - r, across(i) + r, down(i) + r]);
  }
  let written = 0;
  for (let i = 0; i < graph.names.length && written < 60; i++) {
    if (dim && !isLit(i)) continue;
    const r = radius(i);
    const x = across(i);
    const y = down(i) + r + 2;
    if (x < 0 || y < 0 || x > wide || y > high) continue;
    if (!dim && r < 6 && graph.names.length > 40) continue;
    const name = graph.names[i].length > 26 ? `${graph.names[i].slice(0, 25)}…` : graph.names[i];
    const half = pen.measureText(name).width / 2;
    const box = [x - half, y, x + half, y + 14];
    if (taken.some((one) => box[0] < one[2] && one[0] < box[2] && box[1] < one[3] && one[1] < box[3])) continue;
    taken.push(box);
    pen.strokeStyle = ground;
    pen.lineWidth = 3;
    pen.strokeText(name, x, y);
    pen.fillStyle = ink;
    pen.fillText(name, x, y);
    written++;
  }
}

// Each community stands in a circle of its own.
function encircled() {
  const found = new Map();
  graph.community.forEach((community, i) => found.set(community, [...(found.get(community) ?? []), i]));
  return [...found].filter(([, members]) => members.length > 1).map(([community, members]) => {
    const x = members.reduce((sum, i) => sum + graph.x[i], 0) / members.length;
    const y = members.reduce((sum, i) => sum + graph.y[i], 0) / members.length;
    const radius = Math.max(...members.map((i) => Math.hypot(graph.x[i] - x, graph.y[i] - y))) + 0.55;
    return { community, x, y, radius };
  });
}

function redraw() {
  if (graph === null || asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function showAll() {
  const edge = 44;
  const [left, right] = [Math.min(...graph.x), Math.max(...graph.x)];
  const [top, low] = [Math.min(...graph.y), Math.max(...graph.y)];
  const wide = canvas.clientWidth - 2 * edge;
  const high = canvas.clientHeight - 2 * edge;
  view.scale = Math.min(wide / Math.max(right - left, 1), high / Math.max(low - top, 1), 90);
  view.x = canvas.clientWidth / 2 - ((left + right) / 2) * view.scale;
  view.y = canvas.clientHeight / 2 - ((top + low) / 2) * view.scale;
  whole = view.scale;
  redraw();
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const scale = Math.min(Math.max(view.scale * factor, whole / 2), whole * 60);
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  redraw();
}

function under(x, y) {
  let best = -1;
  let least = 14;
  for (let i = 0; i < graph.names.length; i++) {
    const away = Math.hypot(across(i) - x, down(i) - y) - radius(i);
    if (away < least && away < 8) {
      least = away;
      best = i;
    }
  }
  return best;
}

function hover(i, x, y) {
  if (i !== hovered) {
    hovered = i;
    near = [];
    if (i >= 0) {
      near[i] = true;
      for (const [a, b] of graph.ties) {
        if (a === i) near[b] = true;
        if (b === i) near[a] = true;
      }
      tip.replaceChildren();
      const name = document.createElement("b");
      name.textContent = graph.names[i];
      const group = graph.groups[graph.group[i]];
      const partners = graph.ties.filter(([a, b]) => a === i || b === i).length;
      tip.append(name, `${graph.rate[i]} requests/s on average`, document.createElement("br"), `in ${group.name}, ${graph.communities[graph.community[i]].name}`, document.createElement("br"), `moves with ${partners}`);
    }
    canvas.classList.toggle("over", i >= 0);
    redraw();
  }
  tip.hidden = i < 0;
  if (i < 0) return;
  const left = Math.min(x + 14, canvas.clientWidth - tip.offsetWidth - 8);
  const below = y + 16 + tip.offsetHeight > canvas.clientHeight ? y - tip.offsetHeight - 12 : y + 16;
  tip.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, below)}px)`;
}

function explain() {
  legend.replaceChildren();
  const shown = parts().map((part, number) => ({ ...part, number })).filter((part) => part.colour !== graph.others);
  shown.sort((one, other) => other.members - one.members || one.number - other.number);
  for (const part of shown) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const dot = document.createElement("i");
    dot.style.background = part.colour;
    button.type = "button";
    button.setAttribute("aria-pressed", String(only === part.number));
    button.append(dot, `${part.name} (${part.members})`);
    button.addEventListener("click", () => {
      only = only === part.number ? null : part.number;
      explain();
      redraw();
    });
    item.append(button);
    legend.append(item);
  }
  const rest = parts().length - shown.length;
  if (rest > 0) {
    const item = document.createElement("li");
    const dot = document.createElement("i");
    dot.style.background = graph.others;
    dot.style.display = "inline-block";
    item.append(dot, ` ${rest} smaller`);
    legend.append(item);
  }
}

const fingers = new Map();
let moved = 0;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  if (graph === null) return;
  const before = fingers.get(event.pointerId);
  if (before === undefined) {
    hover(under(event.offsetX, event.offsetY), event.offsetX, event.offsetY);
    return;
  }
  const now = [event.offsetX, event.offsetY];
  moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (fingers.size === 2) {
    const [other] = [...fingers].filter(([finger]) => finger !== event.pointerId).map(([, at]) => at);
    const apart = Math.hypot(before[0] - other[0], before[1] - other[1]) || 1;
    zoom(Math.hypot(now[0] - other[0], now[1] - other[1]) / apart, other[0], other[1]);
  } else {
    view.x += now[0] - before[0];
    view.y += now[1] - before[1];
    canvas.classList.add("dragged");
    redraw();
  }
  fingers.set(event.pointerId, now);
});
canvas.addEventListener("pointerup", (event) => {
  fingers.delete(event.pointerId);
  canvas.classList.remove("dragged");
  if (graph === null || moved > 5) return;
  const i = under(event.offsetX, event.offsetY);
  hover(i, event.offsetX, event.offsetY);
  if (i >= 0 && event.pointerType === "mouse") {
    const profile = new URL(place.dataset.graph, location.href).searchParams.get("profile");
    location.assign(`/groups/${encodeURIComponent(graph.groups[graph.group[i]].name)}?profile=${profile}`);
  }
});
canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
canvas.addEventListener("pointerleave", () => graph !== null && hover(-1, 0, 0));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (graph !== null) zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  if (graph === null) return;
  const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (step) {
    view.x += step[0];
    view.y += step[1];
    redraw();
  } else if (event.key === "+" || event.key === "=") zoom(1.4);
  else if (event.key === "-") zoom(1 / 1.4);
  else if (event.key === "0") showAll();
  else return;
  event.preventDefault();
});
for (const button of place.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => {
    if (graph === null) return;
    if (button.dataset.zoom === "all") showAll();
    else zoom(button.dataset.zoom === "in" ? 1.5 : 1 / 1.5);
  });
}
for (const button of place.querySelectorAll("[data-colour]")) {
  button.addEventListener("click", () => {
    if (graph === null) return;
    colourBy = button.dataset.colour;
    only = null;
    for (const other of place.querySelectorAll("[data-colour]")) other.setAttribute("aria-pressed", String(other === button));
    explain();
    redraw();
  });
}
place.querySelector("[data-find]").addEventListener("input", (event) => {
  wanted = event.target.value.trim().toLowerCase();
  redraw();
});
new ResizeObserver(() => redraw()).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

fetch(place.dataset.graph)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
  .then((told) => {
    graph = { ...told, folded: told.names.map((name) => name.toLowerCase()) };
    sizes = graph.names.length > 200 ? MANY : FEW;
    circles = encircled();
    state.hidden = true;
    explain();
    showAll();
  })
  .catch(() => {
    state.textContent = "The graph could not be read. Reload the page.";
  });
