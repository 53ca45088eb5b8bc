/* While somebody writes a notice: the rules and the preview follow what is typed. Without this file the button
   "Check and preview" opens both on a page of their own. */
(function () {
  "use strict";

  var form = document.getElementById("noticeversion_form");
  var checked = document.getElementById("checked");
  var status = document.getElementById("check-status");
  var button = document.getElementById("check");
  if (!form || !checked || !button) return;
  var waiting, running;

  function show(html) {
    var closed = {};
    checked.querySelectorAll("details[id]").forEach(function (part) { closed[part.id] = part.open; });
    var fresh = new DOMParser().parseFromString(html, "text/html");
    fresh.querySelectorAll("details[id]").forEach(function (part) {
      if (closed[part.id]) part.open = true;
    });
    var verdict = fresh.querySelector("[data-verdict]");
    if (!verdict) return;
    if (status.textContent !== verdict.textContent) status.textContent = verdict.textContent;
    status.classList.toggle("badge-given", verdict.classList.contains("verdict-given"));
    status.classList.toggle("badge-refused", !verdict.classList.contains("verdict-given"));
    checked.replaceChildren.apply(checked, Array.from(fresh.body.childNodes));
  }

  function check() {
    clearTimeout(waiting);
    if (running) running.abort();
    running = new AbortController();
    return fetch(button.formAction + "?part", {
      method: "POST", body: new FormData(form), credentials: "same-origin", signal: running.signal
    }).then(function (answer) {
      if (!answer.ok || answer.redirected) throw new Error("not checked");
      return answer.text();
    }).then(show);
  }

  form.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(function () { check().catch(function () { /* the next keystroke tries again */ }); }, 500);
  });

  button.addEventListener("click", function (event) {
    event.preventDefault();
    check().then(function () { checked.focus(); }, function (error) {
      if (error.name !== "AbortError") form.requestSubmit(button.cloneNode());
    });
  });
})();
