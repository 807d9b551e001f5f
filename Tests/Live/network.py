"""Two machines on a switch: network namespaces, so that a cable can be pulled out, which nobody is told of."""

import ctypes
import os
import subprocess
import sys

SERVER_ADDRESS = "10.77.0.1"
CLIENT_ADDRESS = "10.77.0.2"

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """Namespaces cannot be made here; the text says why."""


def _enter(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*words):
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Machine:
    """A namespace without a name, which is gone with its last process and descriptor.

    Within a `with`, this thread is on that machine: the processes that it starts and the sockets that it makes belong
    there for good.
    """

    def __init__(self):
        if sys.platform != "linux":
            raise NotPermitted("only Linux has them")
        self.outside = []
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.unshare(_CLONE_NEWNET) != 0:
                raise NotPermitted(f"a network namespace cannot be made: {os.strerror(ctypes.get_errno())}")
            self.descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            _enter(home)
        finally:
            os.close(home)

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def __enter__(self):
        self.outside.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        _enter(self.descriptor)
        return self

    def __exit__(self, *_):
        home = self.outside.pop()
        _enter(home)
        os.close(home)

    def ip(self, *words):
        with self:
            _ip(*words)

    def close(self):
        os.close(self.descriptor)


class Network:
    """A server's machine and a client's, each with a cable to a switch."""

    def __init__(self):
        self.machines = []
        try:
            self.server, self.client, self.switch = (self._machine() for _ in range(3))
            self.switch.ip("link", "add", "switch", "type", "bridge")
            self.switch.ip("link", "set", "switch", "up")
            for machine, port, address in (
                (self.server, "port1", SERVER_ADDRESS),
                (self.client, "port2", CLIENT_ADDRESS),
            ):
                self.switch.ip("link", "add", port, "type", "veth", "peer", "name", "cable", "netns", machine.path)
                self.switch.ip("link", "set", port, "master", "switch", "up")
                machine.ip("address", "add", f"{address}/24", "dev", "cable")
                machine.ip("link", "set", "cable", "up")
                machine.ip("link", "set", "lo", "up")
        except FileNotFoundError as error:
            self.close()
            raise NotPermitted("the command 'ip' is missing; install iproute2") from error
        except subprocess.CalledProcessError as error:
            self.close()
            text = error.stderr.decode().strip()
            raise NotPermitted(f"'{' '.join(error.cmd)}' was refused: {text}") from error
        except NotPermitted:
            self.close()
            raise

    def _machine(self):
        self.machines.append(Machine())
        return self.machines[-1]

    def unplug(self):
        """Pulls the client's cable out of the switch: packets are dropped both ways, and both links stay up."""
        self.switch.ip("link", "set", "port2", "nomaster")

    def plug(self):
        self.switch.ip("link", "set", "port2", "master", "switch")

    def close(self):
        for machine in self.machines:
            machine.close()
