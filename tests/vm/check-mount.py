"""mount.efs and ecs-efs-tunnel on a real NFS server, in a virtual machine: see boot.py."""

import boot

if __name__ == "__main__":
    boot.main("test_mount.py")
