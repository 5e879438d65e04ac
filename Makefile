# GNU make. `make help` lists the targets; config.mak (ignored by git) overrides any variable.
-include config.mak

PREFIX      ?= /usr
BINDIR      ?= $(PREFIX)/bin
LIBEXECDIR  ?= $(PREFIX)/libexec
MANDIR      ?= $(PREFIX)/share/man
UNITDIR     ?= $(PREFIX)/lib/systemd/system
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DATADIR     ?= $(PREFIX)/share/ecs-bootstrap
COMPDIR     ?= $(PREFIX)/share/bash-completion/completions
PKG_CONFIG  ?= pkg-config
CFLAGS      ?= -Os -g
SAN         ?=
V           ?= 0
# The agent that is downloaded where the image has none: the one this program was tested with. "latest" is taken too.
AGENT_VERSION ?= 1.105.1

VERSION := $(shell cat VERSION)$(shell git describe --always --dirty --exclude '*' 2>/dev/null | sed 's/^/+g/')
OUT     := build$(if $(SAN),/san)
PKGS    := libsystemd libcurl json-c xtables libcrypto libssl zlib libmicrohttpd

WARN := -Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wpointer-arith -Wwrite-strings \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
HARDEN := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
ALL_CPPFLAGS = -D_GNU_SOURCE -DAGENT_VERSION=$(AGENT_VERSION) -I. $(shell $(PKG_CONFIG) --cflags $(PKGS)) $(CPPFLAGS)
# A section for each function: what a program takes of a module and does not call is left out of it.
ALL_CFLAGS   = -std=gnu17 $(WARN) $(if $(WERROR),-Werror) $(HARDEN) -ffunction-sections -fdata-sections \
               $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS  = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN),-Wl,--gc-sections) $(LDFLAGS)
LIBS         = $(shell $(PKG_CONFIG) --libs $(PKGS))

# A folder's main.c makes its program; every other .c goes into one archive, from which programs and tests take what they need.
FOLDERS  := common cloud-init bootstrap netconf init init/engine efs efs/plugin efs/mount efs/tunnel
PROGRAMS := ecs-bootstrap ecs-netconf amazon-ecs-init ecs-supervisor amazon-ecs-volume-plugin ecs-mount-efs ecs-efs-tunnel
MAIN_ecs-bootstrap   := bootstrap/main
MAIN_ecs-netconf     := netconf/main
MAIN_amazon-ecs-init := init/engine/main
MAIN_ecs-supervisor  := init/main
MAIN_amazon-ecs-volume-plugin := efs/plugin/main
MAIN_ecs-mount-efs   := efs/mount/main
MAIN_ecs-efs-tunnel  := efs/tunnel/main

SRC     := $(foreach d,$(FOLDERS),$(wildcard $(d)/*.c))
HDR     := $(foreach d,$(FOLDERS),$(wildcard $(d)/*.h))
MODULES := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out %/main.c,$(SRC)))
UNIT    := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(wildcard tests/unit/test-*.c))
FUZZERS := $(patsubst tests/fuzz/fuzz-%.c,%,$(wildcard tests/fuzz/fuzz-*.c))
REPLAY  := $(FUZZERS:%=$(OUT)/tests/replay-%)

Q   = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)

all: $(PROGRAMS:%=$(OUT)/bin/%)                          ## the programs, in build/bin

# Rebuild when the flags change, not only when a file does.
$(OUT)/flags: FORCE
	@mkdir -p $(@D); f='$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS)'; [ "$$f" = "$$(cat $@ 2>/dev/null)" ] || echo "$$f" >$@
$(OUT)/version: FORCE
	@mkdir -p $(@D); [ '$(VERSION)' = "$$(cat $@ 2>/dev/null)" ] || echo '$(VERSION)' >$@

$(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -DVERSION='"$(VERSION)"' $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(OUT)/obj/%/main.o: $(OUT)/version

$(OUT)/modules.a: $(MODULES)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

.SECONDEXPANSION:
$(PROGRAMS:%=$(OUT)/bin/%): $(OUT)/bin/%: $(OUT)/obj/$$(MAIN_%).o $(OUT)/modules.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(UNIT): $(OUT)/tests/%: $(OUT)/obj/tests/unit/%.o $(OUT)/modules.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka
$(REPLAY): $(OUT)/tests/replay-%: $(OUT)/obj/tests/fuzz/fuzz-%.o $(OUT)/obj/tests/fuzz/replay.o $(OUT)/modules.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

include tests/tests.mk
include rpm/packages.mk

install: all                                             ## honours DESTDIR and PREFIX
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(TMPFILESDIR)' \
	  '$(DESTDIR)$(MANDIR)/man8' '$(DESTDIR)$(COMPDIR)' '$(DESTDIR)/etc/ecs' '$(DESTDIR)/var/log/ecs' \
	  '$(DESTDIR)/var/cache/ecs' '$(DESTDIR)/var/lib/ecs/data'
	install -m 0755 build/bin/ecs-bootstrap '$(DESTDIR)$(BINDIR)'
	install -m 0755 $(patsubst %,build/bin/%,$(filter-out ecs-bootstrap,$(PROGRAMS))) '$(DESTDIR)$(LIBEXECDIR)'
	install -m 0644 rpm/*.service rpm/*.socket '$(DESTDIR)$(UNITDIR)'
	install -m 0644 rpm/ecs-bootstrap.tmpfiles '$(DESTDIR)$(TMPFILESDIR)/ecs-bootstrap.conf'
	install -m 0644 rpm/ecs-bootstrap-cloud-init.tmpfiles '$(DESTDIR)$(TMPFILESDIR)/ecs-bootstrap-cloud-init.conf'
	install -m 0644 rpm/ecs-efs.tmpfiles '$(DESTDIR)$(TMPFILESDIR)/ecs-efs.conf'
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)' cloud-init/ecs_bootstrap_handler.py
	install -m 0755 -t '$(DESTDIR)$(DATADIR)' rpm/package-hook
	install -m 0644 */*.8 */*/*.8 '$(DESTDIR)$(MANDIR)/man8'
	install -m 0644 bootstrap/ecs-bootstrap.completion '$(DESTDIR)$(COMPDIR)/ecs-bootstrap'

uninstall:                                               ## takes away what install put there; configuration and state stay
	rm -f '$(DESTDIR)$(BINDIR)/ecs-bootstrap' $(patsubst %,'$(DESTDIR)$(LIBEXECDIR)/%',$(filter-out ecs-bootstrap,$(PROGRAMS))) \
	  $(patsubst rpm/%,'$(DESTDIR)$(UNITDIR)/%',$(wildcard rpm/*.service rpm/*.socket)) '$(DESTDIR)$(TMPFILESDIR)/ecs-bootstrap.conf' \
	  '$(DESTDIR)$(TMPFILESDIR)/ecs-bootstrap-cloud-init.conf' '$(DESTDIR)$(DATADIR)/ecs_bootstrap_handler.py' '$(DESTDIR)$(DATADIR)/package-hook' \
	  $(patsubst %,'$(DESTDIR)$(MANDIR)/man8/%',$(notdir $(wildcard */*.8 */*/*.8))) '$(DESTDIR)$(COMPDIR)/ecs-bootstrap'
	rm -f '$(DESTDIR)$(TMPFILESDIR)/ecs-efs.conf'
	link='$(DESTDIR)/sbin/mount.efs'; [ "$$(readlink "$$link")" != '$(LIBEXECDIR)/ecs-mount-efs' ] || rm "$$link"
	-rmdir '$(DESTDIR)$(DATADIR)'

deps:                                                    ## install what a build needs (apt, root)
	$(Q)tests/deps build

clean:                                                   ## forget everything built
	rm -rf build

help:                                                    ## this list
	@sed -n 's/^\([a-z%-]*\):[^#]*## /\1\t/p' Makefile tests/tests.mk rpm/packages.mk | expand -t 16

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all install uninstall deps clean help FORCE
-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
