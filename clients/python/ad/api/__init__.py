from __future__ import absolute_import

# flake8: noqa

# import apis into api package
from ad.api.api_key_api import APIKeyApi
from ad.api.about_api import AboutApi
from ad.api.activity_log_api import ActivityLogApi
from ad.api.application_settings_api import ApplicationSettingsApi
from ad.api.import_api import ImportApi
from ad.api.invitation_api import InvitationApi
from ad.api.ldap_configuration_api import LDAPConfigurationApi
from ad.api.lockout_policy_api import LockoutPolicyApi
from ad.api.mail_api import MailApi
from ad.api.preferences_api import PreferencesApi
from ad.api.role_api import RoleApi
from ad.api.saml_configuration_api import SAMLConfigurationApi
from ad.api.server_settings_api import ServerSettingsApi
from ad.api.session_api import SessionApi
from ad.api.user_api import UserApi
