"""A node at work: the partner interface, a pump for each partner and lane, and the parts that keep things in order.

`serving` joins them and is what `passerelle serve` runs; `pumping` sends; `keeping` closes audit blocks, keeps time and
destroys old keys; `parts` says what such a part is; `holding` keeps the leases under which one of several processes
does what only one may do; `reopening` is done by the command line.
"""

from passerelle.service.reopening import reopen, reopen_audit
from passerelle.service.serving import DUTIES, Role, Service

__all__ = ["DUTIES", "Role", "Service", "reopen", "reopen_audit"]
