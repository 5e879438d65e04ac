# Packages; part of the Makefile. Both are built out of tree from a copy of what git knows, in build/deb and build/rpm.
PACKAGE := ecs-bootstrap-$(shell cat VERSION)

# What git knows, as it stands here; without git (a tarball) all but what was built.
copy_tree = rm -rf '$1' && mkdir -p '$1' && \
  { git ls-files -co --exclude-standard -z 2>/dev/null | grep -z . || find . -path ./build -prune -o -type f -printf '%P\0'; } | \
  xargs -0 sh -c 'for f; do [ ! -e "$$f" ] || printf "%s\0" "$$f"; done' copy | tar --null -T - -c | tar -x -C '$1'

# An old one must not be tested for a new one.
deb:                                                     ## a Debian package, in build/deb
	$(Q)tests/deps build package
	$(Q)rm -rf build/deb
	$(Q)$(call copy_tree,build/deb/$(PACKAGE))
	$(Q)cp -r build/deb/$(PACKAGE)/deb build/deb/$(PACKAGE)/debian
	$(Q)printf 'ecs-bootstrap (%s) unstable; urgency=medium\n\n  * See the history in git.\n\n -- %s  %s\n' '$(shell cat VERSION)' \
	  "$$(sed -n 's/^Maintainer: //p' deb/control)" "$$(date -R -d "@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}")" \
	  >build/deb/$(PACKAGE)/debian/changelog
	$(Q)cd build/deb/$(PACKAGE) && env -u MAKEFLAGS -u MAKELEVEL CC='$(CC)' dpkg-buildpackage -b -us -uc -j$(or $(JOBS),2)
	@ls build/deb/*.deb

rpm:                                                     ## an rpm package, in build/rpm
	$(Q)tests/deps build package
	$(Q)rm -rf build/rpm
	$(Q)$(call copy_tree,build/rpm/$(PACKAGE))
	$(Q)tar -C build/rpm -czf build/rpm/$(PACKAGE).tar.gz $(PACKAGE) && rm -rf build/rpm/$(PACKAGE)
	$(Q)env -u MAKEFLAGS -u MAKELEVEL CC='$(CC)' rpmbuild -bb --define '_topdir $(CURDIR)/build/rpm' --define '_sourcedir $(CURDIR)/build/rpm' \
	  --define 'our_version $(shell cat VERSION)' $(if $(wildcard /etc/debian_version),--nodeps) rpm/ecs-bootstrap.spec
	@ls build/rpm/RPMS/*/*.rpm

check-packages:                                          ## both packages built, linted, installed, replaced, removed; one upgrade under a running agent (root)
	$(Q)tests/deps build test boot package
	$(Q)$(MAKE) --no-print-directory all deb rpm >build/packages.log 2>&1 || { tail -n 40 build/packages.log >&2; exit 1; }
	$(Q)tests/run $(wildcard tests/packages/check-*.py)

.PHONY: deb rpm check-packages
