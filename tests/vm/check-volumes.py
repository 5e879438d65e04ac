"""amazon-ecs-volume-plugin between a real dockerd and a real NFS server, in a virtual machine: see boot.py."""

import boot

if __name__ == "__main__":
    boot.main("test_volumes.py")
