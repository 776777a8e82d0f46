"use strict";
const shown = JSON.parse(document.getElementById("content").textContent);
const at = id => document.getElementById(id);
const ink = getComputedStyle(document.body).getPropertyValue("--ink").trim();
const line = getComputedStyle(document.body).getPropertyValue("--line").trim();
const logarithmic = { type: "log", tickvals: [1e-3, 1e-2, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 50, 100] };
const plain = { displaylogo: false, responsive: true };

function element(name, text = "", attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.textContent = text;
  return made;
}

// Depth in mm, decoded once.
function millimetres(depth) {
  if (!depth.values) {
    const bytes = Uint8Array.from(atob(depth.mm), letter => letter.charCodeAt(0));
    depth.values = new Uint16Array(bytes.buffer);
  }
  return depth.values;
}

// Answer: the verdict's own conclusion, or how to get one.
function answer() {
  const words = at("words");
  words.innerHTML = shown.verdict ?? "";
  if (!shown.verdict) words.append(element("p", "Not written yet. The command snakemake verdict makes it, and trains what it rests on."));
  const heading = [...words.querySelectorAll("h2")].find(h2 => h2.textContent === "Conclusion");
  const conclusion = heading?.nextElementSibling;
  const text = conclusion?.textContent ?? `The report's variants at scale ${shown.scale}. The verdict is not written yet.`;
  at("answer").append(element("p", text));
  const floors = Object.entries(shown.floors).map(([name, loss]) => `${name} has ${loss.toFixed(3)}`).join(", ");
  at("answer").append(element("p", `Without a network, on training frames: ${floors}.`));
}

// Look: image, network, and what is shown of it.
function look() {
  const samples = shown.samples;
  samples.images.forEach((_, index) => at("image").append(element("option", `${index + 1}`, { value: index })));
  for (const name of Object.keys(samples.variants)) at("variant").append(element("option", name, { value: name }));
  if (samples.variants.densedepth) at("variant").value = "densedepth";
  for (const id of ["image", "variant", "what"]) at(id).addEventListener("change", draw);
  at("slider").addEventListener("input", divide);
  const compare = at("compare");
  const drag = event => {
    if (event.type === "pointermove" && !event.buttons) return point(event);
    const box = compare.getBoundingClientRect();
    at("slider").value = 100 * (event.clientX - box.left) / box.width;
    divide();
  };
  compare.addEventListener("pointerdown", drag);
  compare.addEventListener("pointermove", drag);
  compare.addEventListener("pointerleave", caption);
  draw();
  divide();
}

function chosen() {
  const index = Number(at("image").value), what = at("what").value, variant = at("variant").value;
  const image = shown.samples.images[index], prediction = shown.samples.variants[variant][index];
  return { image, prediction, what, variant, truth: image.truth };
}

// What is shown of a pixel, in m; NaN where the truth is unknown.
function values({ prediction, truth, what }) {
  const p = millimetres(prediction), t = millimetres(truth);
  if (what === "depth") return Array.from(p, value => value / 1000);
  return Array.from(t, (value, k) => value === 0 ? NaN : (what === "truth" ? value : Math.abs(p[k] - value)) / 1000);
}

function draw() {
  const now = chosen(), { width, height } = now.truth, canvas = at("below"), shownValues = values(now);
  const far = now.what === "error" ? 2 : shown.samples.far;
  const shades = shown.shades[now.what === "error" ? "error" : "depth"];
  const shade = value => isNaN(value) ? [190, 190, 190] : shades[Math.min(255, Math.floor(256 * value / far))];
  canvas.width = width;
  canvas.height = height;
  paint(canvas, shownValues, shade);
  paint(at("legend"), Array.from({ length: 256 }, (_, k) => far * k / 256), shade);
  at("near").textContent = "0 m";
  at("far").textContent = `${far} m and more`;
  at("unit").textContent = { depth: "depth", truth: "true depth", error: "|depth - truth|" }[now.what];
  at("above").src = now.image.rgb;
  caption();
  cloud(now);
}

function caption() {
  const now = chosen(), truth = values({ ...now, what: "truth" });
  const shares = values({ ...now, what: "error" }).map((error, k) => error / truth[k]).filter(share => !isNaN(share));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  at("caption").textContent = `${now.variant}: abs_rel ${mean.toFixed(3)} on this image. Drag across the picture.`;
}

function paint(canvas, of, shade) {
  const context = canvas.getContext("2d"), pixels = context.createImageData(canvas.width, canvas.height);
  of.forEach((value, k) => pixels.data.set([...shade(value), 255], 4 * k));
  context.putImageData(pixels, 0, 0);
}

function divide() {
  const share = at("slider").value;
  at("above").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  at("edge").style.left = `calc(${share}% - 1px)`;
}

// The depth below the pointer.
function point(event) {
  const now = chosen(), { width, height } = now.truth, box = at("compare").getBoundingClientRect();
  const column = Math.floor(width * (event.clientX - box.left) / box.width);
  const row = Math.floor(height * (event.clientY - box.top) / box.height);
  const k = row * width + column, truth = millimetres(now.truth)[k], said = millimetres(now.prediction)[k];
  if (said === undefined) return;
  const known = truth ? `${(truth / 1000).toFixed(2)} m` : "unknown";
  at("caption").textContent = `${now.variant} ${(said / 1000).toFixed(2)} m, truth ${known}`;
}

// The chosen depth as coloured points in space: x right, y ahead, z up.
async function cloud({ image, prediction, truth, what, variant }) {
  const depth = what === "truth" ? truth : prediction, { width, height } = depth, mm = millimetres(depth);
  if (image.focal === null) {
    at("of-cloud").textContent = "No cloud of points: these samples know no focal length. Evaluate them anew.";
    return;
  }
  const picture = new Image();
  picture.src = image.rgb;
  await picture.decode();
  const canvas = element("canvas", "", { width, height }), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  const rgb = context.getImageData(0, 0, width, height).data, focal = image.focal * height;
  const points = { x: [], y: [], z: [], colour: [] }, step = Math.ceil(Math.sqrt(width * height / 20000));
  for (let row = 0; row < height; row += step) for (let column = 0; column < width; column += step) {
    const k = row * width + column, ahead = mm[k] / 1000;
    if (!ahead) continue;
    points.x.push((column - (width - 1) / 2) * ahead / focal);
    points.y.push(ahead);
    points.z.push(((height - 1) / 2 - row) * ahead / focal);
    points.colour.push(`rgb(${rgb[4 * k]},${rgb[4 * k + 1]},${rgb[4 * k + 2]})`);
  }
  const axis = title => ({ title: { text: title }, color: ink, gridcolor: line });
  Plotly.react("cloud", [{
    type: "scatter3d", mode: "markers", x: points.x, y: points.y, z: points.z,
    marker: { size: 2.5, color: points.colour }, hovertemplate: "%{y:.2f} m ahead<extra></extra>",
  }], {
    margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", uirevision: "kept",
    scene: {
      aspectmode: "data", xaxis: axis("right (m)"), yaxis: axis("ahead (m)"), zaxis: axis("up (m)"),
      camera: { eye: { x: 0.4, y: -1.6, z: 0.6 } },
    },
  }, plain);
  at("of-cloud").textContent = `${what === "truth" ? "The true depth" : variant} in space. Drag to turn, scroll to come nearer.`;
}

// Table: a click sorts, a second one the other way round. Rows without a value are last.
function table() {
  const { columns, rows } = shown.table, head = element("tr"), body = document.querySelector("#table tbody");
  const fill = () => body.replaceChildren(...rows.map(({ floor, cells }) => {
    const made = element("tr", "", { className: floor ? "floor" : "" });
    made.append(...cells.map(cell => element("td", cell.text)));
    return made;
  }));
  columns.forEach(({ name, meaning }, k) => {
    const cell = element("th", name, { title: meaning });
    cell.addEventListener("click", () => {
      const way = cell.ariaSort === "ascending" ? -1 : 1;
      for (const other of head.children) other.removeAttribute("aria-sort");
      cell.ariaSort = way === 1 ? "ascending" : "descending";
      const of = row => row.cells[k].value;
      rows.sort((a, b) => of(a) === null ? 1 : of(b) === null ? -1 : way * (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
      fill();
    });
    head.append(cell);
  });
  document.querySelector("#table thead").append(head);
  fill();
}

// Curves: the floors are lines across.
function curves() {
  const last = Math.max(...shown.curves.flatMap(curve => curve.steps));
  const floors = Object.entries(shown.floors).map(([name, loss], k) => ({
    name: `${name}: ${loss.toFixed(3)}`, x: [0, last], y: [loss, loss], mode: "lines", hoverinfo: "skip",
    line: { color: ink, width: 1, dash: ["dashdot", "dot", "dash"][k] },
  }));
  const plot = () => Plotly.react("plot", [...shown.curves.map(curve => ({
    name: curve.name, x: curve.steps, y: at("batches").checked ? curve.batches : curve.loss, mode: "lines",
    line: { color: curve.colour, dash: curve.dash, width: at("batches").checked ? 1 : 2 },
    hovertemplate: `${curve.name} %{y:.3f} at step %{x}<extra></extra>`,
  })), ...floors], {
    margin: { l: 60, r: 10, t: 10, b: 50 }, font: { color: ink }, uirevision: "kept",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    xaxis: { title: { text: "training step" }, gridcolor: line },
    yaxis: { title: { text: "loss of a batch" }, gridcolor: line, ...(at("log").checked ? logarithmic : { type: "linear" }) },
    legend: at("plot").clientWidth < 700 ? { orientation: "h", y: -0.2 } : {},
  }, plain);
  at("batches").addEventListener("change", plot);
  at("log").addEventListener("change", plot);
  plot();
}

answer();
look();
table();
curves();
