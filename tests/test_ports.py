"""Free TCP ports of this machine."""

import socket

from tfgen.ports import LOOPBACK, free_port, free_ports


def test_a_program_can_listen_on_a_free_port():
    with socket.socket() as listener:
        listener.bind((LOOPBACK, free_port()))


def test_the_ports_of_one_call_differ():
    assert len(set(free_ports(20))) == 20
