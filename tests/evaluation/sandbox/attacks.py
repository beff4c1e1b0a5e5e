"""Programs that try to get out of a jail, each a few lines behind a prelude.

One decision: an attack says REACHED as soon as it got what it wanted, and ends with TRIED, so that one that failed for
want of a module is not taken for one that was stopped.
"""

# What attacks are written with. `call` makes a system call of this processor by its number on x86_64 and on aarch64.
PRELUDE = """
import ctypes, errno, mmap, os, platform, resource, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def call(x86, arm, *words):
    ctypes.set_errno(0)
    return libc.syscall(x86 if platform.machine() == "x86_64" else arm, *words)
def reached(what):
    print("REACHED", what, flush=True)
def attempt(action, *words):
    try:
        found = action(*words)
    except BaseException as error:
        return None
    return found
"""

ATTACKS = {
    "read the host's files": """
        for path in ("SECRET", "/etc/shadow", "/etc/passwd", "/etc/hostname", "/var/log", "/home", "/sys", "/boot"):
            if os.path.exists(path): reached(path)
        for path in ("HOSTHOME/.bashrc", "HOSTHOME/.profile", "HOSTHOME/.cache", "HOSTHOME/.ssh"):
            if os.path.exists(path): reached(path)
    """,
    "write outside": """
        for path in ("SECRET", "HOST/new", "/new", "/usr/new", "/usr/bin/python3", "/etc/new", "/dev/new", "/proc/new"):
            if attempt(open, path, "a"): reached(path)
    """,
    "reach a server on loopback": """
        for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_INET6, ("::1", PORT))):
            if attempt(socket.create_connection, address, 2): reached(address)
            if attempt(socket.socket, family, socket.SOCK_DGRAM): reached(family)
    """,
    "reach a server behind a file": """
        with socket.socket(socket.AF_UNIX) as one:
            if one.connect_ex("HOST/socket") == 0: reached("its file")
    """,
    "reach a server with an abstract name": """
        with socket.socket(socket.AF_UNIX) as one:
            if one.connect_ex("\\0aurora-PORT") == 0: reached("its name")
    """,
    "open sockets that no namespace separates": """
        for family in (16, 17, 38, 40, 44):  # netlink, packets, ciphers, virtual machines, express data path
            for kind in (socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
                if attempt(socket.socket, family, kind): reached(family)
    """,
    "see other processes": """
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) > 60: reached(name)
        for pid in range(1, 4000):
            text = attempt(lambda: open(f"/proc/{pid}/cmdline").read()) or ""
            if "pytest" in text: reached(text)
    """,
    "read the host's environment": """
        for name in ["self"] + os.listdir("/proc"):
            if "AURORA_TEST_WORD" in (attempt(lambda: open(f"/proc/{name}/environ").read()) or ""): reached(name)
        if "AURORA_TEST_WORD" in os.environ: reached("environ")
    """,
    "reach the host through /proc": """
        for path in ("/proc/1/root/SECRET", "/proc/1/cwd/SECRET", "/proc/self/root/SECRET", "/proc/1/root/etc/shadow"):
            if os.path.exists(path): reached(path)
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/hostname"):
            if attempt(open, path, "r+"): reached(path)
    """,
    "follow links": """
        os.symlink("SECRET", "soft")
        if os.path.exists("soft"): reached("a symbolic link")
        if attempt(lambda: os.link("SECRET", "hard") or True): reached("a hard link")
        if os.path.exists("../" * 40 + "SECRET"): reached("above the root")
    """,
    "use descriptors that were left open": """
        # The first three, and the one that lists them.
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 3: reached(name)
    """,
    "attach to other processes": """
        for pid in (1, os.getppid(), os.getpid()):
            if call(101, 117, 16, pid, 0, 0) == 0 or call(101, 117, 0x4206, pid, 0, 0) == 0: reached(pid)
        if call(101, 117, 0, 0, 0, 0) == 0: reached("traceme")
    """,
    "read another process's memory": """
        buffer = ctypes.create_string_buffer(8)
        class Part(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        own = Part(ctypes.addressof(buffer), 8)
        if call(310, 270, os.getpid(), ctypes.byref(own), 1, ctypes.byref(own), 1, 0) >= 0: reached("process_vm_readv")
        if call(311, 271, os.getpid(), ctypes.byref(own), 1, ctypes.byref(own), 1, 0) >= 0: reached("process_vm_writev")
        pidfd = call(434, 434, os.getppid() or 1, 0)
        if pidfd >= 0 and call(438, 438, pidfd, 0, 0) >= 0: reached("pidfd_getfd")
    """,
    "make namespaces": """
        for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
            if call(272, 97, flag) == 0: reached("unshare")
            child = call(56, 220, flag | 17, 0, 0, 0, 0)
            if child == 0: os._exit(0)
            if child > 0: reached("clone")
        if call(435, 435, ctypes.create_string_buffer(88), 88) != -1: reached("clone3")
        if ctypes.get_errno() != errno.ENOSYS: reached("clone3's absence")
        for kind in ("user", "mnt", "net", "pid"):
            if call(308, 268, os.open(f"/proc/self/ns/{kind}", os.O_RDONLY), 0) == 0: reached("setns")
    """,
    "mount": """
        if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0: reached("mount")
        if libc.mount(b"none", b"/", None, 32, None) == 0: reached("remount")
        if libc.umount2(b"/tmp", 2) == 0 or libc.umount2(b"/usr", 2) == 0: reached("umount")
        if call(155, 41, b"/tmp", b"/tmp") == 0: reached("pivot_root")
        if call(430, 430, b"tmpfs", 0) >= 0 or call(428, 428, -100, b"/usr", 1) >= 0: reached("the new way")
        if attempt(lambda: os.chroot("/tmp") or True): reached("chroot")
    """,
    "become root": """
        if 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid()) or 0 in os.getgroups(): reached("at once")
        for change in (os.setuid, os.setgid, os.seteuid, os.setegid):
            if attempt(lambda: change(0) or True): reached(change)
        if attempt(lambda: os.setgroups([0]) or True): reached("groups")
        for program in ("su", "mount", "umount", "newgrp", "passwd", "chsh"):
            found = attempt(lambda: subprocess.run([program, "--help"], capture_output=True, timeout=3))
            if found and "NoNewPrivs:\\t1" not in open("/proc/self/status").read(): reached(program)
        for line in open("/proc/self/status"):
            if line.startswith(("CapEff", "CapPrm")) and int(line.split()[1], 16): reached(line)
    """,
    "use the kernel's keys": """
        if call(248, 217, b"user", b"aurora", b"x", 1, -4) > 0: reached("add_key")
        if call(250, 219, 0, -3, 0) > 0: reached("keyctl")
        if call(249, 218, b"user", b"aurora", 0, 0) > 0: reached("request_key")
    """,
    "make and open devices": """
        if attempt(lambda: os.mknod("disk", 0o60666, os.makedev(254, 0)) or True): reached("a disk")
        if attempt(lambda: os.mknod("memory", 0o20666, os.makedev(1, 1)) or True): reached("memory")
        for name in ("dev/vda", "dev/sda", "dev/mem", "dev/kmsg", "dev/kvm", "dev/fuse", "dev/vsock", "proc/kcore"):
            if attempt(open, f"/{name}", "rb"): reached(name)
    """,
    "use wide interfaces of the kernel": """
        calls = (("bpf", 321, 280), ("perf", 298, 241), ("userfaultfd", 323, 282), ("io_uring", 425, 425))
        calls += (("fanotify", 300, 262), ("handles", 303, 264), ("personality", 135, 92), ("log", 103, 116))
        for name, x86, arm in calls:
            if call(x86, arm, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != errno.EPERM: reached(name)
    """,
    "change the machine": """
        if attempt(lambda: socket.sethostname("mine") or True): reached("its name")
        if attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, 0) or True): reached("its clock")
        if call(169, 142, 0xfee1dead, 672274793, 0, 0) == 0: reached("reboot")
        if call(167, 224, b"/tmp/swap", 0) == 0 or call(163, 89, b"/tmp/acct") == 0: reached("swap")
        if attempt(lambda: os.nice(-5) or True): reached("its priority")
        if attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or True): reached("real time")
    """,
    "raise its own limits": """
        for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE,
                     resource.RLIMIT_CPU, resource.RLIMIT_CORE):
            soft, hard = resource.getrlimit(kind)
            if attempt(lambda: resource.setrlimit(kind, (hard + 1, hard + 1)) or True): reached(kind)
            if attempt(lambda: resource.setrlimit(kind, (-1, -1)) or True): reached(kind)
    """,
    "type into a terminal": """
        import fcntl
        for path in ("/dev/tty", "/dev/console"):
            if attempt(open, path, "rb+", 0): reached(path)
        for kind in (0x5412, 0x541C):
            for descriptor in range(3):
                if attempt(lambda: fcntl.ioctl(descriptor, kind, b"x") or True): reached(kind)
        pair = os.openpty() if os.path.exists("/dev/ptmx") else None
        if pair and attempt(lambda: fcntl.ioctl(pair[1], 0x5412, b"x") or True): reached("its own")
    """,
    "import the host's packages": """
        for name in ("numpy", "torch", "yaml", "pytest", "pip", "aurora"):
            if attempt(__import__, name): reached(name)
    """,
    "take memory that no limit counts": """
        if call(319, 279, b"x", 0) >= 0: reached("memfd_create")
        if call(29, 194, 0, 1 << 30, 0o1600) >= 0: reached("shmget")
        if call(240, 180, b"queue", 0o102, 0o600, 0) >= 0: reached("mq_open")
        if call(64, 190, 0, 8, 0o1600) >= 0 or call(68, 186, 0, 0o1600) >= 0: reached("semget")
        if attempt(lambda: mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)): reached("mmap")
        if attempt(lambda: bytearray(1 << 30)): reached("malloc")
    """,
    "fill the disk": """
        def fill(folder):
            total = 0
            try:
                for number in range(2000):
                    with open(f"{folder}/{number}", "wb") as file:
                        total += file.write(bytes(1 << 20))
            except OSError:
                pass
            return total
        if fill("/tmp") > 48 << 20: reached("/tmp")
        if fill("/dev/shm") > 13 << 20: reached("/dev/shm")
        for folder in ("/dev", "/", "/usr", "/proc", "/var/tmp", "/run"):
            if fill(folder): reached(folder)
    """,
    "write a huge file": """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sparse = os.open("sparse", os.O_RDWR | os.O_CREAT)
        if attempt(lambda: os.truncate(sparse, 1 << 40) or True): reached("a sparse one")
        if os.path.exists("sparse") and os.path.getsize("sparse") > 48 << 20: reached("its size")
    """,
    "open many files": """
        opened = []
        attempt(lambda: [opened.append(os.dup(1)) for _ in range(5000)])
        if len(opened) > 100: reached(len(opened))
    """,
    "bomb with forks": """
        children = 0
        for _ in range(500):
            try:
                child = os.fork()
            except OSError:
                break
            if child == 0:
                time.sleep(20)
                os._exit(0)
            children += 1
        if children > 40: reached(children)
        os.write(1, b"TRIED\\n")
        os.kill(os.getpid(), 9)
    """,
    "bomb with threads": """
        begun = 0
        for _ in range(500):
            one = threading.Thread(target=time.sleep, args=(20,), daemon=True)
            if attempt(lambda: one.start() or True) is None: break
            begun += 1
        if begun > 40: reached(begun)
        os.write(1, b"TRIED\\n")
        os._exit(0)
    """,
    "kill others": """
        for pid in (HOSTPID, HOSTPARENT):
            if attempt(lambda: os.kill(pid, 0) or True) and pid > 60: reached(pid)
        attempt(lambda: os.kill(1, 9))
        if attempt(lambda: os.killpg(1, 9) or True): reached("the first group")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        attempt(lambda: os.kill(-1, 15))
    """,
    "leave a core behind": """
        child = os.fork()
        if child == 0: os.abort()
        if os.WCOREDUMP(os.waitpid(child, 0)[1]): reached("a core")
        if any("core" in name for name in os.listdir(".")): reached("a file")
    """,
    "write on the jail's own mark": """
        for descriptor in range(3, 300):
            if attempt(os.write, descriptor, b"sr"): reached(descriptor)
        if attempt(os.write, 0, b"sr"): reached("stdin")
    """,
}
