/* Comfort for the public pages; every one of them works without it. */
(function () {
  "use strict";

  /* What is wrong is read out and seen first. */
  var problems = document.getElementById("problems");
  if (problems) problems.focus();

  /* One click is enough. The token makes a second one harmless; this only makes it calmer. */
  document.querySelectorAll("form[data-once]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      var button = form.querySelector("[type=submit]");
      if (button.hasAttribute("aria-disabled")) event.preventDefault();
      button.setAttribute("aria-disabled", "true");
    });
    window.addEventListener("pageshow", function () {
      form.querySelector("[type=submit]").removeAttribute("aria-disabled");
    });
  });

  /* A link to a group of boxes goes to the first one. */
  document.querySelectorAll('a[href="#boxes"]').forEach(function (link) {
    link.addEventListener("click", function (event) {
      event.preventDefault();
      document.querySelector("#boxes input").focus();
    });
  });

  /* The waiting page asks whether the answer has come, less and less often, and goes on when it has. */
  var waiting = document.querySelector("[data-poll]");
  if (waiting && window.fetch) {
    var started = Date.now();
    var sign = document.querySelector("[data-waiting]");
    if (sign) sign.hidden = false;
    var ask = function () {
      var age = Date.now() - started;
      if (age > 30 * 60 * 1000) {
        if (sign) sign.hidden = true;
        return;
      }
      if (document.hidden) return void setTimeout(ask, 3000);
      fetch(waiting.getAttribute("data-poll"), { redirect: "manual", credentials: "omit", cache: "no-store" }).then(
        function (response) {
          var hasCome = response.type === "opaqueredirect" || response.status === 200 || response.status === 410;
          if (hasCome) window.location.replace(window.location.pathname + window.location.search);
          else setTimeout(ask, age < 2 * 60 * 1000 ? 3000 : 10000);
        },
        function () {
          setTimeout(ask, 10000);
        },
      );
    };
    setTimeout(ask, 3000);
  }

  /* Inside somebody else's page: say how high we are, and nothing else. */
  if (document.body.classList.contains("framed") && window.parent !== window) {
    var tell = function () {
      window.parent.postMessage({ optinHeight: document.documentElement.scrollHeight }, "*");
    };
    if (window.ResizeObserver) new ResizeObserver(tell).observe(document.body);
    window.addEventListener("load", tell);
    tell();
  }
})();
