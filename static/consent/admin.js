/* Small comforts of the staff pages; everything works without them. */
(function () {
  "use strict";

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.dataset.copy);
    var words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", function () {
      source.select();
      var done = navigator.clipboard ? navigator.clipboard.writeText(source.value) : Promise.reject();
      done.catch(function () { document.execCommand("copy"); }).then(function () {
        button.textContent = button.dataset.copied;
        setTimeout(function () { button.textContent = words; }, 2000);
      });
    });
  });

  /* Of a sender only what its provider and its channel ask for; what is wrong is never hidden. */
  ["provider", "channel"].forEach(function (name) {
    var choice = document.querySelector("select[name='" + name + "']");
    var fields = document.querySelectorAll("form [data-" + name + "]");
    if (!choice || !fields.length) return;
    function show() {
      fields.forEach(function (field) {
        var row = field.closest(".form-row");
        var fits = field.dataset[name].split(" ").indexOf(choice.value) >= 0;
        row.hidden = !fits && !row.querySelector(".errorlist");
      });
    }
    choice.addEventListener("change", show);
    show();
  });

  /* A new company is most likely where whoever makes it sits. */
  var zones = document.querySelector("select[data-time-zone-here]");
  if (zones) {
    var here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zones.querySelector("option[value='" + here + "']")) zones.value = here;
  }

  /* On a phone the filters would push the list off the screen: only those in use stay open. */
  if (matchMedia("(max-width: 767px)").matches) {
    document.querySelectorAll("#changelist-filter details").forEach(function (filter) {
      filter.open = !filter.querySelector("li:first-child.selected");
    });
  }

  /* On a phone a row of a list becomes a card that names each value; until then it scrolls sideways. */
  document.querySelectorAll("#result_list").forEach(function (list) {
    var names = Array.from(list.tHead.rows[0].cells, function (cell) {
      var name = cell.querySelector(".text");
      return name && !cell.matches(".action-checkbox-column") ? name.textContent.trim() : "";
    });
    list.querySelectorAll("tbody tr").forEach(function (row) {
      Array.from(row.cells).forEach(function (cell, place) {
        if (cell.tagName === "TD" && names[place]) cell.dataset.label = names[place];
        if (/^[–\s]*$/.test(cell.textContent) && !cell.firstElementChild) cell.classList.add("nothing");
      });
    });
    list.classList.add("stacked");
  });

  /* Single keys can be turned off, for whoever speaks to the computer (WCAG 2.1.4). */
  var keys = document.getElementById("keys");
  if (keys) {
    keys.closest("[data-keys]").hidden = false;
    keys.checked = localStorage.getItem("optin-keys") !== "off";
    keys.addEventListener("change", function () {
      localStorage.setItem("optin-keys", keys.checked ? "on" : "off");
    });
  }

  /* What is at work is looked at again, unless somebody is reading further down or typing. */
  if (document.querySelector("[data-reload]")) {
    setInterval(function () {
      if (!document.hidden && scrollY < 200) location.reload();
    }, 2000);
  }

  /* A key presses the button or follows the link that names it; "/" first goes to the search of the page. */
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName) && event.target.type !== "checkbox") return;
    if (localStorage.getItem("optin-keys") === "off" || !/^[a-z/]$/i.test(event.key)) return;
    var target = document.querySelector("[data-shortcut='" + event.key.toLowerCase() + "']");
    if (event.key === "/") target = document.getElementById("searchbar") || target;
    if (!target) return;
    event.preventDefault();
    if (target.id === "searchbar") target.focus(); else target.click();
  });
})();
