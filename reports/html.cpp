#include <fmt/format.h>

#include <stdexcept>

#include "reports/charts.h"
#include "reports/report.h"
#include "reports/vega_script.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--soft:#667;--line:#ccd;--good:#1e7b34;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#16181c;--fg:#e6e8ea;--soft:#9ab;--line:#344;--good:#5fc77a;--bad:#ff7b72}}
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
.banner{padding:1rem;border-left:.5rem solid var(--good);border-radius:.25rem;background:color-mix(in srgb,var(--good) 12%,transparent)}
.banner.bad{border-color:var(--bad);background:color-mix(in srgb,var(--bad) 12%,transparent)}
h1{margin:0;font-size:1.5rem}h2{margin-top:2rem;border-bottom:1px solid var(--line)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
td.number{text-align:right;font-variant-numeric:tabular-nums}.PASS{color:var(--good);font-weight:600}.FAIL,.UNTESTED{color:var(--bad);font-weight:600}
code{font-size:.85rem;word-break:break-all}svg{width:100%;max-width:60rem;height:auto;display:block}svg text{fill:var(--fg);font:12px system-ui,sans-serif}svg .grid{stroke:var(--line)}.soft{color:var(--soft)}
figure{margin:0;min-height:18rem}figcaption{position:absolute;clip-path:inset(50%)}
@media print{details{display:block}svg{break-inside:avoid}}
)";

std::string verdict_rows(const json& result, const std::string& command) {
  std::string out;
  int index = 0;
  for (const auto& row : result["verdicts"])
    out += fmt::format(
        "<tr id=\"v{}\"><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td "
        "class=\"number\">{}</td><td class=\"number\">{}</td><td>{}<br><code "
        "class=\"soft\">{}</code></td></tr>\n",
        ++index, escape(row["name"]), escape(result.value("device", "vgpu:0")),
        row["outcome"].get<std::string>(), row["outcome"].get<std::string>(), number(row["figure"]),
        number(row["limit"]), escape(row["detail"]), escape(command));
  return out;
}

std::string step_rows(const json& result) {
  std::string out;
  for (const auto& s : result.value("steps", json::array()))
    out += fmt::format(
        "<tr><td class=\"number\">{}</td><td>{}</td><td class=\"number\">{}</td><td "
        "class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        s["step"].get<int>(), escape(s["worst"]), number(s["share"]), number(s["loss"]),
        number(s["libtorch_loss"]));
  return out;
}

std::string table(const std::string& head, const std::string& rows) {
  std::string cells;
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = head.find('|', at);
    cells += "<th>" + head.substr(at, end == std::string::npos ? end : end - at) + "</th>";
  }
  return "<div class=\"wide\"><table><thead><tr>" + cells + "</tr></thead><tbody>\n" + rows +
         "</tbody></table></div>\n";
}

}  // namespace

std::string embedded(const std::string& id, const json& value) {
  std::string text = value.dump();
  for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
    text.replace(at, 2, "<\\/");
  return fmt::format("<script type=\"application/json\" id=\"{}\">{}</script>\n", id, text);
}

std::string html(const json& result, const Provenance& p) {
  if (!result.is_object() || !result.contains("verdicts"))
    throw std::invalid_argument("the result holds no verdicts");
  const std::string device = result.value("device", "vgpu:0"), outcome = overall(result);
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Plumbline: " +
      outcome + "</title><style>" + kStyle + "</style></head><body>\n";
  out += fmt::format(
      "<div class=\"banner{}\"><h1>{}: our CUDA kernels beside LibTorch</h1><p>{} checks on "
      "{}{}</p></div>\n",
      outcome == "PASS" ? "" : " bad", outcome, result["verdicts"].size(), escape(device),
      device.rfind("vgpu", 0) == 0
          ? ", a virtual GPU: the PTX that nvcc emitted, run on the CPU. No GPU was used."
          : ".");
  if (result.contains("accuracy"))
    out += fmt::format(
        "<p>Test accuracy <b>{}</b> (LibTorch {}) on {} images; {} images/s on {}.</p>\n",
        number(result["accuracy"]["ours"]), number(result["accuracy"]["libtorch"]),
        result["accuracy"]["images"].get<int>(), number(result["images_per_second"]),
        escape(device));
  out +=
      "<h2 id=\"verdicts\">Verdicts</h2>\n" +
      table("check|device|outcome|figure|limit|detail and repro", verdict_rows(result, p.command));
  out += "<h2 id=\"loss-curve\">Loss of the free runs</h2>\n" + figure(loss_chart(result));
  out += "<h2 id=\"bounds\">Worst tensor of each teacher-forced step</h2>\n" +
         figure(share_chart(result)) + "<details><summary>The numbers</summary>" +
         table("step|worst tensor|share of bound|loss|LibTorch f64", step_rows(result)) +
         "</details>\n";
  out +=
      "<h2 id=\"provenance\">Provenance</h2>\n" +
      table(
          "what|value",
          fmt::format(
              "<tr><td>commit</td><td>{}</td></tr><tr><td>machine</td><td>{}</td></"
              "tr><tr><td>device</td><td>{}</td></tr><tr><td>LibTorch</td><td>{}</td></tr>"
              "<tr><td>command</td><td><code>{}</code></td></tr><tr><td>date</td><td>{}</td></tr>",
              escape(p.commit), escape(p.machine), escape(device),
              escape(result.value("versions", json::object()).dump()), escape(p.command),
              escape(p.date)));
  out +=
      "<h2 id=\"gaps\">Not covered</h2><p>Ops other than linear, relu, cross_entropy and sgd; "
      "halves inside training; memory and throughput over batch size; more than one device; a real "
      "GPU.</p>\n";
  out += "<details><summary>Configuration</summary><pre>" + escape(result.value("config", "")) +
         "</pre></details>\n";
  out += embedded("result", result);
  out += "<script>" + std::string(vega_script()) + "</script></body></html>\n";
  return out;
}

}  // namespace plumb::report
