// vega.js - draws the page's charts: each <figure class="chart"> holds a Vega specification and, in
// place of it until then, a drawing that needs no script. `plumblineModules` has the distribution's
// Vega, module by module (cmake/VegaScript.cmake).
(function () {
  "use strict";
  const loaded = {};

  function load(name) {
    if (loaded[name]) return loaded[name].exports;
    const module = (loaded[name] = {exports: {}});
    plumblineModules[name](module.exports, module, load);
    return module.exports;
  }

  const dataflow = load("vega-dataflow"), parser = load("vega-parser"), view = load("vega-view");
  for (const name of ["vega-transforms", "vega-view-transforms", "vega-encode"])
    Object.assign(dataflow.transforms, load(name));

  // The page's own colours and font, so that a chart is right in the dark and on paper.
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const font = "system-ui, sans-serif";
    return {
      background: null,
      axis: {
        labelColor: color("--fg"), titleColor: color("--fg"), domainColor: color("--soft"),
        tickColor: color("--soft"), gridColor: color("--line"), labelFont: font, titleFont: font,
        labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal"
      },
      legend: {
        labelColor: color("--fg"), labelFont: font, labelFontSize: 12, labelLimit: 0,
        symbolStrokeWidth: 3
      },
      rule: {stroke: color("--soft")},
      text: {fill: color("--fg"), font: font}
    };
  }

  function draw(figure) {
    const text = figure.querySelector("script").textContent;
    const place = figure.querySelector(".drawing");
    const drawn = new view.View(parser.parse(JSON.parse(text), theme()), {renderer: "svg"});
    const width = () => Math.max(240, figure.clientWidth);
    place.textContent = "";
    drawn.initialize(place).width(width()).run();
    figure.dataset.drawn = "vega";
    return () => drawn.width(width()).run();
  }

  function drawAll() {
    return Array.from(document.querySelectorAll("figure.chart"), draw);
  }

  let resize = drawAll();
  addEventListener("resize", () => resize.forEach((fit) => fit()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (resize = drawAll()));
})();
