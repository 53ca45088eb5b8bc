"""Who may work here: users with their companies, for superusers."""

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessFailureLogAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.admin import borrowed, groups
from consent.admin.scoped import (
    InlineFormSet,
    ModelAdmin,
    StackedInline,
    WithoutPopups,
)
from consent.models import Membership


class SuperusersOnly(WithoutPopups, ModelAdmin):
    """A page that no permission opens: whoever may change users could make themselves anything."""

    actions = None

    def _is_superuser(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)


class ReadOnlyForSuperusers(SuperusersOnly):
    """The trail of sign-ins."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipFormSet(InlineFormSet):
    """The companies of a user; those of an auditor have a last day."""

    def clean(self) -> None:
        super().clean()
        auditors = Group.objects.filter(name=groups.AUDITOR).values_list("pk", flat=True)
        chosen: Any = self.data
        if {str(pk) for pk in auditors} & set(chosen.getlist("groups")) and any(
            form.cleaned_data
            and not form.cleaned_data.get("DELETE")
            and not form.cleaned_data.get("last_day")
            for form in self.forms
        ):
            raise ValidationError(_("An auditor's access ends by itself: give a last day."))


class MembershipInline(WithoutPopups, StackedInline):
    """The companies a user works for."""

    model = Membership
    formset = MembershipFormSet
    extra = 0


class StaffAdmin(SuperusersOnly, UserAdmin):  # type: ignore[type-arg]
    """Users. They are switched off, never deleted: records and openings name them."""

    inlines = [MembershipInline]
    list_display = (
        "username",
        "first_name",
        "last_name",
        "works_for",
        "is_staff",
        "is_superuser",
        "is_active",
    )
    list_filter = ("is_active", "is_superuser", "groups")
    filter_horizontal = ()
    # Permissions come by groups alone, so that what somebody may do can be said in a word.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (
            gettext_lazy("Important dates"),
            {"fields": ("last_login", "date_joined"), "classes": ("collapse",)},
        ),
    )
    readonly_fields = ("last_login", "date_joined")

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.label_from_instance = lambda group: borrowed.group(group.name)
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nobody else has an account here; what somebody may do comes from groups and companies alone."""
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("memberships__company")

    @admin.display(description=gettext_lazy("companies"))
    def works_for(self, user: Any) -> str:
        return ", ".join(str(membership.company) for membership in user.memberships.all())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class GroupsAdmin(SuperusersOnly, GroupAdmin):
    """Groups: the presets (see consent/admin/groups.py), and whatever an installation adds."""

    filter_horizontal = ()
    list_display = ("name", "lets")

    @admin.display(description=gettext_lazy("what it lets somebody do"))
    def lets(self, group: Group) -> str:
        return str(borrowed.GROUPS.get(group.name, ""))

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.queryset = field.queryset.filter(content_type__app_label="consent")
        return field


class AttemptsAdmin(ReadOnlyForSuperusers, AccessAttemptAdmin):  # type: ignore[misc]
    """Sign-ins that failed lately."""


class FailuresAdmin(ReadOnlyForSuperusers, AccessFailureLogAdmin):  # type: ignore[misc]
    """Every sign-in that failed."""


class LoginsAdmin(ReadOnlyForSuperusers, AccessLogAdmin):  # type: ignore[misc]
    """Every sign-in."""


for _model, _page in (
    (User, StaffAdmin), (Group, GroupsAdmin), (AccessAttempt, AttemptsAdmin),
    (AccessFailureLog, FailuresAdmin), (AccessLog, LoginsAdmin),
):  # fmt: skip
    admin.site.unregister(_model)  # the pages that came with the packages imported above
    admin.site.register(_model, _page)
