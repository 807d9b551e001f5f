"""The delivery promises that can be asked of any service behind an adapter, each as a check with a name.

A check that fails says what was promised and what was seen. The same checks run against the broker, which must keep
them all, against nchan, and against a proxy that lies.
"""

from promises import following, losses, sharing  # noqa: F401
from promises.promise import PROMISES  # noqa: F401
