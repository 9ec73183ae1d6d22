from __future__ import absolute_import

# flake8: noqa

# import apis into api package
from ad.api.mail_api import MailApi
from ad.api.user_api import UserApi
