"""A server or a worker of HyperQueue, each in a process of its own.

    hq_node.py server DIR           a server that keeps its files in DIR
    hq_node.py worker DIR OWN       a worker with one core of the server in DIR; OWN is a folder of its own

The package on PyPI has server and workers, but not the program `hq` that starts them: its LocalCluster runs a server with
workers as threads, and a thread cannot be killed like a machine. A worker finds its server by the link `hq-current` in the cluster's
folder, so a second cluster whose link points to the first one's server is a worker of that one.
"""

import os
import signal
import sys
from pathlib import Path

from hyperqueue.cluster import LocalCluster, WorkerConfig

role, server = sys.argv[1], Path(sys.argv[2]).resolve()
if role == "server":
    cluster = LocalCluster(server_dir=str(server))
else:
    own = Path(sys.argv[3]).resolve()
    cluster = LocalCluster(server_dir=str(own))
    link = own / "hq-current"
    link.unlink()
    link.symlink_to((server / "hq-current").resolve())
    cluster.start_worker(WorkerConfig(cores=1))
Path(sys.argv[-1] + ".pid").write_text(str(os.getpid()))
signal.pause()
