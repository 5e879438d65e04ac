# Tests, fuzzing, lint, demo, bench; part of the Makefile.
#
# check and demo work on a bare machine: they install what they need (apt, root), then build and run in a second make,
# since pkg-config must be asked after the packages are there.
SECONDS  ?= 30
TESTDIR  := tests
FLOW     := $(wildcard tests/flow/test_*.py)
ROOT     := $(wildcard tests/root/test_*.py)

check:                                                   ## every test: unit, fuzz replay, fakes, and as root namespaces with real dockerd
	$(Q)tests/deps build test namespace
	$(Q)$(MAKE) --no-print-directory check-now

check-now: all $(UNIT) $(REPLAY:%=%.tap) $(OUT)/tests/amazon-ecs-init
	$(Q)BUILD=$(OUT) tests/run --jobs 4 $(UNIT) $(REPLAY:%=%.tap) $(FLOW) $(ROOT)

check-san:                                               ## the same under ASan and UBSan
	$(Q)tests/deps build test namespace sanitize
	$(Q)$(MAKE) --no-print-directory check-now SAN=address,undefined CFLAGS='-O1 -g'

check-unit: $(UNIT) $(REPLAY:%=%.tap)                            ## unit tests and fuzz replay only: no root, no packages but the libraries
	$(Q)tests/run $(UNIT) $(REPLAY:%=%.tap)

check-boot:                                              ## real boots: systemd, cloud-init, dockerd in a container, faults, and the boot matrix (root; some 10 minutes)
	$(Q)tests/deps build test boot
	$(Q)$(MAKE) --no-print-directory all
	$(Q)TAP_TIMEOUT=1200 tests/run $(sort $(wildcard tests/boot/check-*.py))

check-vm:                                                ## EFS mounts and volumes on a kernel that has NFS, in a virtual machine without KVM (root; minutes)
	$(Q)tests/deps build test boot vm
	$(Q)$(MAKE) --no-print-directory all
	$(Q)TAP_TIMEOUT=1200 tests/run $(sort $(wildcard tests/vm/check-*.py))

check-faults:                                            ## 100 kills of the supervisor, 50 restarts and 50 kills of dockerd (root; minutes): see tests/faults
	$(Q)tests/deps build test namespace
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/faults

check-kill: all                                          ## ecs-bootstrap config killed 500 times at random points (KILLS=20 in check)
	$(Q)KILLS=500 TAP_TIMEOUT=3600 tests/run tests/flow/test_kill.py

demo:                                                    ## the main job on a real input, shown step by step
	$(Q)tests/deps build test namespace
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demo

bench:                                                   ## figures against the budgets; PEER=/path/to/amazon-ecs-init for a side by side run
	$(Q)tests/deps build test namespace bench
	$(Q)$(MAKE) --no-print-directory all
	$(Q)PEER='$(PEER)' tests/bench
	$(Q)tests/bench-tunnel

$(OUT)/tests/replay-%.tap: $(OUT)/tests/replay-%
	$(Q)printf '#!/bin/sh\nexec "$$(dirname "$$0")/replay-$*" tests/fuzz/corpus/$*/*\n' >$@ && chmod +x $@

# The engine with another table in place of the pinned key: what the archive holds is only taken where a symbol is missing.
$(OUT)/tests/amazon-ecs-init: $(OUT)/obj/init/engine/main.o $(OUT)/obj/tests/fakes/signing-key.o $(OUT)/modules.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Objects and archive are shared by all targets; FUZZ_OUT must not be one of another variant.
FUZZ_OUT := build/fuzz
fuzz-%:                                                  ## fuzz one target: make fuzz-mime SECONDS=60
	$(Q)$(MAKE) --no-print-directory $(FUZZ_OUT)/fuzz-$* OUT=$(FUZZ_OUT) CC='$(FUZZ_CC)' SAN=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'
	$(Q)mkdir -p $(FUZZ_OUT)/found/$*
	$(FUZZ_OUT)/fuzz-$* -max_total_time=$(SECONDS) -max_len=65536 -print_final_stats=1 $(FUZZ_OUT)/found/$* tests/fuzz/corpus/$*

fuzz-merge-%:                                            ## keep of what fuzz-% found only what reaches new code
	$(FUZZ_OUT)/fuzz-$* -merge=1 -use_counters=0 -max_len=4096 tests/fuzz/corpus/$* $(FUZZ_OUT)/found/$*

# The table of distances between names has no branches worth finding, and half of the time went into tracing them.
$(FUZZ_OUT)/obj/bootstrap/nearest.o: override SAN := address,undefined
FUZZ_CC ?= clang
$(FUZZERS:%=build/fuzz/fuzz-%): build/fuzz/fuzz-%: build/fuzz/obj/tests/fuzz/fuzz-%.o build/fuzz/modules.a
	$(call say,LD,$@)$(CC) -pie -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

headers: $(HDR:%=$(OUT)/obj/%.ok)                        ## every header compiles alone
$(OUT)/obj/%.h.ok: %.h $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,HDR,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsyntax-only -include $< -xc /dev/null && touch $@

lint:                                                    ## layering, headers, both compilers with -Werror, clang-tidy, cppcheck, shellcheck
	$(Q)tests/deps build lint
	$(Q)tests/lint/layers
	$(Q)$(MAKE) --no-print-directory headers
	$(Q)$(MAKE) --no-print-directory all WERROR=1 OUT=build/lint-gcc CC=gcc
	$(Q)$(MAKE) --no-print-directory all WERROR=1 OUT=build/lint-clang CC=clang
	$(Q)tests/lint/needed build/lint-gcc/bin
	printf '%s\n' $(SRC) | xargs -n 6 -P 2 sh -c 'clang-tidy --quiet "$$@" -- $(ALL_CPPFLAGS) -DVERSION='"'\"\"'"' -std=gnu17 2>/dev/null' tidy
	cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability,performance --suppress=missingIncludeSystem \
	  --suppressions-list=tests/lint/cppcheck -D_GNU_SOURCE -DVERSION='""' -I. $(SRC)
	tests/lint/scripts

format:                                                  ## show where the tree differs from .clang-format (it is a help, not a law)
	-clang-format --dry-run $(SRC) $(HDR)

.PHONY: check check-now check-san check-unit check-boot check-faults check-kill check-vm demo bench headers lint format
