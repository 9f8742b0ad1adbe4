"use strict";
document.documentElement.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("filters");
  if (form) filters(form);
  // Folded parts are opened for the printer, and folded again afterwards.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    folded = [];
  });
});

function filters(form) {
  const status = document.querySelector("#findings [role=status]");
  const none = document.querySelector("#findings .none");
  const groups = [...document.querySelectorAll("#findings .group")].map((element) => ({
    element,
    heading: element.querySelector("h3").textContent,
    shown: element.querySelector(".shown"),
    parts: [...element.querySelectorAll(".part")],
    findings: [...element.querySelectorAll(".finding")],
  }));
  const findings = groups.flatMap((group) =>
    group.findings.map((element) => {
      const { s, r, t, o } = element.dataset;
      return { element, group, s, r, t, o, text: null };
    }),
  );
  const total = findings.length;
  // The text of thousands of findings is collected once, when it is first asked for.
  const text = (finding) =>
    (finding.text ??= (finding.group.heading + "\n" + finding.element.textContent).toLowerCase());

  const apply = () => {
    const data = new FormData(form);
    const severities = new Set(data.getAll("severity"));
    const [rule, target, origin] = ["rule", "target", "origin"].map((name) => data.get(name) || "");
    const words = (data.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const group of groups) group.left = 0;
    for (const finding of findings) {
      const passes =
        severities.has(finding.s) &&
        (!rule || finding.r === rule) &&
        (!target || finding.t === target) &&
        (!origin || finding.o === origin) &&
        (!words.length || words.every((word) => text(finding).includes(word)));
      finding.element.hidden = !passes;
      if (passes) {
        visible += 1;
        finding.group.left += 1;
      }
    }
    for (const { element, shown, parts, findings, left } of groups) {
      element.hidden = left === 0;
      shown.hidden = left === findings.length;
      shown.textContent = `${left} of ${findings.length} shown`;
      if (left > 0 && left < findings.length) {
        for (const part of parts) part.hidden = !part.querySelector(".finding:not([hidden])");
      } else {
        for (const part of parts) part.hidden = false;
      }
    }
    none.hidden = visible > 0;
    const all = `${total} finding${total === 1 ? "" : "s"}`;
    status.textContent = visible === total ? all : `${visible} of ${all}`;
  };

  // A pause of the typist is waited for, so that each key does not start a search.
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  };
  form.addEventListener("input", (event) => (event.target.type === "search" ? soon() : apply()));
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}
