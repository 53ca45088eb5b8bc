"""What every page obeys: rows of other companies do not exist, long lists are quick, empty ones say why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.paginator import Paginator
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from consent.admin import changes, localized, one_line, readable, scope
from consent.models import LocalizedField

if TYPE_CHECKING:  # these are generic for the type checker only
    ModelForm = forms.ModelForm[Any]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    ModelAdmin = admin.ModelAdmin[Any]
    StackedInline = admin.StackedInline[Any, Any]
    RelatedFieldListFilter = admin.RelatedFieldListFilter
else:
    ModelForm = forms.ModelForm
    InlineFormSet = forms.BaseInlineFormSet
    ModelAdmin = admin.ModelAdmin
    StackedInline = admin.StackedInline
    RelatedFieldListFilter = admin.RelatedFieldListFilter

# For pages that lead on to what was made: another of it, or this form again, is no choice there.
ONE_BUTTON = {"show_save_and_add_another": False, "show_save_and_continue": False}


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns pages: a table of records has millions."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST].count())


class WithoutPopups:
    """Related rows are chosen here and made on pages of their own."""

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        one_line.hold(field)
        return field


class Scoped(WithoutPopups):
    """Choices and rows of the request's companies only, for pages and for what is inlined in them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return scope.within(super().get_queryset(request), request)  # type: ignore[misc]

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if isinstance(db_field, LocalizedField):
            return localized.LocalizedField(
                long=db_field.long,
                label=str(db_field.verbose_name).capitalize(),
                help_text=db_field.help_text,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        target: type[Model] = db_field.related_model
        rows = scope.within(target._default_manager.all(), request)
        if scope.PATHS.get(target) == "company":
            rows = rows.select_related("company")
        field: forms.ModelChoiceField[Any] = super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **{**kwargs, "queryset": rows}
        )
        if db_field.name == "company":
            field.initial = scope.only_company(request)
        elif scope.PATHS.get(target) == "company" and scope.only_company(request) is None:
            field.label_from_instance = _with_company  # type: ignore[method-assign,assignment]
        return field


def _with_company(row: Any) -> str:
    return f"{row.company} · {row}"


class ScopedInline(Scoped, StackedInline):
    """Rows shown inside another page."""

    extra = 0


class ScopedAdmin(Scoped, ModelAdmin):
    """A page whose rows belong to companies."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    actions = None
    empty_title: Any = _("Nothing here yet.")
    empty_hint: Any = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"empty_title": self.empty_title, "empty_hint": self.empty_hint, **(extra_context or {})}
        return super().changelist_view(request, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: Any = super().history_view(request, object_id, extra_context)
        for action in answer.context_data["action_list"]:
            action.words = changes.words(action.get_change_message())
        return answer  # type: ignore[no-any-return]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whoever works for one company need not read its name in every row."""
        several = scope.only_company(request) is None
        return [name for name in super().get_list_display(request) if several or name != "company"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """To whoever may only read, in words."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": readable.fields(obj, options["fields"])})
            for name, options in fieldsets
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing that evidence may name is deleted; it is closed, retired or revoked."""
        return False

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404
        return super().delete_view(request, object_id, extra_context)

    def _get_obj_does_not_exist_redirect(self, *_args: Any) -> NoReturn:
        raise Http404  # what belongs to others looks exactly like what never was


class ReadOnlyAdmin(ScopedAdmin):
    """A page that shows and changes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ScopedFilter(RelatedFieldListFilter):
    """A filter by a related object, offering only those of the request's companies."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        found = scope.within(field.related_model._default_manager.all(), request)
        return [(found_one.pk, str(found_one)) for found_one in found[:200]]
