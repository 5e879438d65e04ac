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

check-now: all $(UNIT) $(REPLAY:%=%.tap)
	$(Q)BUILD=$(OUT) tests/run $(UNIT) $(REPLAY:%=%.tap) $(FLOW) $(ROOT)

check-san:                                               ## the same under ASan and UBSan
	$(Q)tests/deps build test namespace sanitize
	$(Q)$(MAKE) --no-print-directory check-now SAN=address,undefined CFLAGS='-O1 -g'

check-unit: $(UNIT) $(REPLAY:%=%.tap)                            ## unit tests and fuzz replay only: no root, no packages but the libraries
	$(Q)tests/run $(UNIT) $(REPLAY:%=%.tap)

check-boot:                                              ## real boots: systemd, cloud-init, dockerd in a container, and faults in them (root)
	$(Q)tests/deps build test boot
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/run $(sort $(wildcard tests/boot/check-*.py))

check-faults:                                            ## 100 kills of the supervisor, 50 restarts and 50 kills of dockerd (root; minutes): see tests/faults
	$(Q)tests/deps build test namespace
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/faults

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

fuzz-%:                                                  ## fuzz one target: make fuzz-mime SECONDS=60
	$(Q)mkdir -p build/fuzz/$*
	clang -g -O1 -fsanitize=fuzzer,address,undefined $(ALL_CPPFLAGS) -DVERSION='""' -std=gnu17 -o build/fuzz/fuzz-$* \
	  tests/fuzz/fuzz-$*.c $(filter-out %/main.c,$(SRC)) $(LIBS)
	build/fuzz/fuzz-$* -max_total_time=$(SECONDS) -max_len=65536 -print_final_stats=1 build/fuzz/$* tests/fuzz/corpus/$*

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

.PHONY: check check-now check-san check-unit check-boot check-faults demo bench headers lint format
