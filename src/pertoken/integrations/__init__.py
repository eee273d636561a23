"""What goes to other products: digests of alerts to webhooks, e-mail, Azure Monitor; Power BI.

A sender takes a `Digest` and a place to send it, and raises `SendError` when it is not taken after
a limited number of tries. Cloud SDKs are imported only here, when they are used; secrets come from
environment variables and never stand in a message or a log line.

Source: docs/alerts.md.
"""

from pertoken.integrations.digest import Digest, DigestLine
from pertoken.integrations.senders import CHANNEL_KINDS, Channel, send
from pertoken.integrations.tries import SendError

__all__ = ["CHANNEL_KINDS", "Channel", "Digest", "DigestLine", "SendError", "send"]
