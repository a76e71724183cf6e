# vx: the whole build. GNU make; `make help` names the targets.
VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
SAN     ?=
BUILD   ?= build$(if $(SAN),-$(SAN))

san_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPTFLAGS ?= $(if $(SAN),-O1 -g,-O2 -g)
CFLAGS   += -std=c11 $(OPTFLAGS) -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes $(if $(CI),-Werror) \
            $(san_$(SAN)) -pthread
CPPFLAGS += -D_GNU_SOURCE -DVX_VERSION='"$(VERSION)"' -Ilib $(shell pkg-config --cflags json-c libpq)
LDFLAGS  += $(san_$(SAN)) -pthread

# What each tool links beside libvx.a; the archive gives it only what it uses.
base := $(shell pkg-config --libs json-c libcrypto libpcre2-8) -lm
LIBS_vx-nifti-meta  := -ldeflate -lz
LIBS_vx-dicom-meta  := -ldeflate -lz
LIBS_vx-scan        := -lz
LIBS_vx-mha2nii     := -ldeflate -lz
LIBS_vx-csv         := -lcsv
LIBS_vx-patient-map := -lcurl -ldeflate -lz
LIBS_vx-upload      := -lcurl -lexpat -ldeflate -lz
LIBS_vx-post        := -lcurl -ldeflate -lz
LIBS_vx-pathology   :=
LIBS_vx-serve       := -lmicrohttpd -lgnutls -lsqlite3 -lpq -lz
test_libs := -ldeflate -lexpat -lcsv -lcurl -lmicrohttpd -lsqlite3 -lz

lib_obj := $(patsubst lib/%.c,$(BUILD)/lib/%.o,$(wildcard lib/*.c))
single  := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
folders := $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))
tools   := $(single) $(folders)
bins    := $(tools:%=$(BUILD)/%)
units   := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
fixtures := $(patsubst tests/fixtures/%.c,$(BUILD)/fixtures/%,$(wildcard tests/fixtures/*.c))
fuzzers := $(patsubst tests/fuzz/%.c,build-fuzz/%,$(wildcard tests/fuzz/*.c))
demo_tool := $(BUILD)/vx-demo-dataset

.PHONY: all help demo check check-asan test-programs lint fuzz bench coverage install uninstall dist deps clean
all: $(bins)

help:
	@echo 'all demo check check-asan lint fuzz bench coverage install uninstall dist deps clean'

$(BUILD)/libvx.a: $(lib_obj)
	@rm -f $@
	$(AR) rcs $@ $^

$(lib_obj): $(BUILD)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(single:%=$(BUILD)/%): $(BUILD)/%: cmd/%.c $(BUILD)/libvx.a
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libvx.a $(LIBS_$*) $(base)

# A tool with a folder: all its .c files together.
.SECONDEXPANSION:
$(folders:%=$(BUILD)/%): $(BUILD)/%: $$(wildcard cmd/%/*.c cmd/%/*.h) $(BUILD)/libvx.a
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libvx.a $(LIBS_$*) $(base)

$(units): $(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libvx.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libvx.a $(test_libs) $(base)

$(fixtures): $(BUILD)/fixtures/%: tests/fixtures/%.c $(BUILD)/libvx.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libvx.a $(test_libs) $(base)

$(demo_tool): share/demo/make-dataset.c $(BUILD)/libvx.a
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libvx.a -lz $(base)

test-programs: all $(units) $(fixtures) $(demo_tool)

demo: all $(demo_tool)
	@PATH="$(CURDIR)/$(BUILD):$$PATH" sh share/demo/run

check: test-programs
	@BUILD=$(BUILD) sh tests/run

check-asan:
	@$(MAKE) SAN=asan test-programs
	@BUILD=build-asan sh tests/run

lint:
	clang-format --dry-run -Werror $(wildcard lib/*.[ch] cmd/*.c cmd/*/*.[ch] tests/*/*.c share/demo/*.c)
	shellcheck -x $(wildcard share/bootstrap share/sh/*.sh share/datasets/*.sh share/slurm/* share/parallel/* share/demo/run tests/run tests/bench/run tests/*/*.sh .ci/run)
	@for h in lib/*.h; do $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -x c $$h 2>&1 | grep -v 'pragma once' || true; done
	@for m in man/*.[157]; do mandoc -T lint -W warning $$m || exit 1; done

# make fuzz FUZZ_SECONDS=3600
FUZZ_SECONDS ?= 60
FUZZ_pathology := $(filter-out %/main.c %/suggest.c,$(wildcard cmd/vx-pathology/*.c)) # a tool's own files, where it parses
FUZZ_suggest := $(filter-out %/suggest.c,$(wildcard cmd/vx-pathology/suggest*.c))
FUZZ_serve_batch := $(addprefix cmd/vx-serve/,apply.c batch.c create.c filter.c order.c patients.c rules.c split.c) \
                    $(wildcard cmd/vx-serve/store*.c) $(LIBS_vx-serve)
$(fuzzers): build-fuzz/%: tests/fuzz/%.c $(wildcard lib/*.c lib/*.h cmd/vx-pathology/*.[ch] cmd/vx-serve/*.[ch])
	@mkdir -p $(@D)
	clang $(CPPFLAGS) -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -pthread -o $@ \
		$< $(FUZZ_$*) $(wildcard lib/*.c) $(test_libs) $(base)
fuzz: $(fuzzers)
	@for f in $(fuzzers); do mkdir -p $$f.corpus; $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 $$f.corpus || exit 1; done

bench: all test-programs
	@BUILD=$(BUILD) sh tests/bench/run

coverage:
	@$(MAKE) BUILD=build-cov CFLAGS='--coverage' LDFLAGS='--coverage' OPTFLAGS='-O0 -g' test-programs
	@BUILD=build-cov sh tests/run || true
	@gcov -o build-cov/lib $(wildcard lib/*.c) 2>/dev/null | grep -A1 "^File 'lib" | paste - - - || true; rm -f *.gcov

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/vx $(DESTDIR)$(PREFIX)/share/man
	install -m 755 $(bins) $(DESTDIR)$(PREFIX)/bin
	cp -R share/. $(DESTDIR)$(PREFIX)/share/vx
	for s in 1 5 7; do install -d $(DESTDIR)$(PREFIX)/share/man/man$$s; \
		for m in man/*.$$s; do [ ! -e $$m ] || install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s; done; done

uninstall:
	rm -f $(tools:%=$(DESTDIR)$(PREFIX)/bin/%) $(patsubst man/%,$(DESTDIR)$(PREFIX)/share/man/man?/%,$(wildcard man/*.[157]))
	rm -rf $(DESTDIR)$(PREFIX)/share/vx

dist:
	git archive --prefix=vx-$(VERSION)/ -o vx-$(VERSION).tar.gz HEAD

deps:
	sh share/bootstrap deps

clean:
	rm -rf build build-* vx-*.tar.gz

-include $(lib_obj:.o=.d) $(single:%=$(BUILD)/%.d) $(units:%=%.d) $(fixtures:%=%.d)
