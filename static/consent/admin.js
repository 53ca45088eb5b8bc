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

  /* On a phone the filters would push the list off the screen: only those in use stay open. */
  if (matchMedia("(max-width: 767px)").matches) {
    document.querySelectorAll("#changelist-filter details").forEach(function (filter) {
      filter.open = !filter.querySelector("li:first-child.selected");
    });
  }

  /* "/" goes to what one most often looks for: the search of the page, else finding a person. */
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName)) return;
    var target = document.getElementById("searchbar") || document.querySelector("[data-shortcut='/']");
    if (!target) return;
    event.preventDefault();
    if (target.href) location.href = target.href; else target.focus();
  });
})();
