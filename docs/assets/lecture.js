// The interactive figures of the tutorial: a form changes the settings, archdsl in a worker computes the figure again.
// Without a server, or on a site that was built without the worker, the figures stay as they are.
(() => {
  const LOADING = { en: "Loading archdsl …", ko: "archdsl을 불러오는 중 …" };
  let started;

  function archdsl(figure) {
    started ??= import(new URL(figure.dataset.script, location.href).href).then(({ Archdsl }) => new Archdsl());
    return started;
  }

  function settings(form) {
    const found = {};
    for (const field of form.elements) {
      if (!field.name || field.closest("[hidden]") !== null) continue;
      const value = field.tagName === "SELECT" ? field.value : field.valueAsNumber;
      if (field.closest("fieldset")) (found[field.name] ??= []).push(value);
      else found[field.name] = value;
    }
    return found;
  }

  function prepare(form) {
    const nine = form.querySelector("fieldset");
    if (nine) nine.hidden = form.elements.preset.value !== "own";
    for (const shown of form.querySelectorAll("output")) shown.textContent = form.elements[shown.htmlFor[0] ?? ""]?.value ?? "";
  }

  async function update(figure, form) {
    prepare(form);
    if (!form.checkValidity()) return;
    const text = figure.querySelector(".lecture-text");
    const waiting = setTimeout(() => (text.textContent = LOADING[figure.dataset.language]), 300);
    try {
      const runner = await archdsl(figure);
      const given = { ...settings(form), language: figure.dataset.language };
      const made = await runner.call(figure.dataset.call, given, { latest: figure.dataset.call });
      clearTimeout(waiting);
      if (!made) return;
      figure.querySelector(".lecture-output").innerHTML = made.html;
      text.textContent = made.text;
    } catch (error) {
      clearTimeout(waiting);
      text.textContent = error.message;
    }
  }

  function choose(figure, form, event) {
    const mark = event.target.closest("[data-target]");
    if (!mark || !form.elements.row) return;
    let { row, column } = mark.dataset;
    if (mark.dataset.rows) {
      const box = mark.getBoundingClientRect();
      row = Math.floor(((event.clientY - box.top) / box.height) * mark.dataset.rows);
      column = Math.floor(((event.clientX - box.left) / box.width) * mark.dataset.columns);
    }
    form.elements.row.value = row;
    form.elements.column.value = column;
    update(figure, form);
  }

  function enable(figure) {
    const form = figure.querySelector("form");
    form.hidden = false;
    prepare(form);
    form.addEventListener("input", () => update(figure, form));
    form.addEventListener("submit", (event) => event.preventDefault());
    figure.querySelector(".lecture-output").addEventListener("click", (event) => choose(figure, form, event));
  }

  if (location.protocol.startsWith("http"))
    for (const figure of document.querySelectorAll("figure.lecture[data-script]")) enable(figure);
})();
