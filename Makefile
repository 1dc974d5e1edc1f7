# The front door. Every target calls one module and passes your variables on to it:
#
#   make cv PRESET=quick RUN=first          values with blanks in quotes: IMAGE="a.jpg b.jpg"
#   make cv HELP=1                          all variables of a target, as options: --run is RUN=
#
# The variables that matter most:
#   DATA=<folder>       the competition's four files, zipped or not                (data/raw)
#   RUN=<name>          a run; its folder is runs/<name>      (cv: the preset's; else the latest)
#   PRESET=<name>       what cv trains: quick, standard, best, ablation            (standard)
#   CONFIG=<json>       recipes for cv instead of a preset, such as `make config` prints
#   CODE=<py>           a file of your own, with networks, losses, augmentation, optimizers
#   MODELS="a b"        models for cv instead of the preset's; FOLDS= SEEDS= EPOCHS= POLICY= too
#   JOBS=<n>            trainings at a time; CLUSTER=ray CPUS= GPUS= for a cluster
#   ON=kaggle           train on a GPU of Kaggle; ON=kaggle-cpu on its CPUs
#   FROM=<folder>       for join: oof.csv and test.csv, predicted elsewhere; NAME=<line>
#   CORRECTIONS=<csv>   labels to drop or to change in training, such as a run's suspects.csv
#   FORCE=1             do again what is done, send again what was sent

# Targets use each other's files, and training takes all cores.
.NOTPARALLEL:

VENV := .venv
uv := $(shell command -v uv 2>/dev/null)
# uv finds a Python that fits, or fetches one.
python := $(or $(PYTHON),$(if $(uv),,python3))
# On a machine with an Nvidia GPU, a TensorFlow that can use it: 6 GB instead of 2.
gpu := $(wildcard /dev/nvidia[0-9]*)
requirements := requirements$(if $(gpu),-gpu).txt
# TensorFlow takes 13 s to import without cached bytecode, 4 s with it.
unexport PYTHONDONTWRITEBYTECODE
# The variables of the command line, as they were typed; PYTHON= and VENV= are for make itself.
variables = $(filter-out PYTHON=% VENV=%,$(MAKEOVERRIDES))
run = @$(VENV)/bin/python -m $(1) $(variables)
no_variables = $(if $(variables),$(error `make $@` takes no variables, found $(variables)))
pip = @$(if $(uv),$(uv) pip install --python $(VENV),$(VENV)/bin/python -m pip install --no-compile) --quiet
install = $(pip) -c constraints.txt -r $(1)
not_built = { echo "error: could not build $(VENV), for the reason above. It takes uv ('pip install uv' is the shortest), Python's venv (on Debian the package python3-venv) or virtualenv; where the file system has no symbolic links, pass VENV=<folder on another one>" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup download demo cv folds join tune config submit submissions report review predict export preview test bench clean

help: ## Show this
	@awk -F ':.*## ' '/^#  / {sub(/^#/, ""); notes = notes "\n" $$0} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2} END {print notes}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## Build .venv from the pinned requirements; other targets do so on first use
$(VENV)/ready: $(requirements) requirements-core.txt constraints.txt
	@$(or $(python),:) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { echo "error: expected Python 3.11 to 3.13, found $$($(python) --version 2>/dev/null || echo none); pass PYTHON=<path>, or install uv, which brings one" >&2; exit 1; }
	@echo "Building $(VENV), which takes a minute with uv, some minutes without" >&2
ifdef uv
	@$(uv) venv --quiet --seed --allow-existing $(python:%=--python %) $(VENV) || $(not_built)
else
	@said=$$($(python) -m venv $(VENV) 2>&1) || virtualenv --quiet --python $(python) $(VENV) 2>/dev/null || { echo "$$said" >&2; $(not_built); }
endif
	$(call install,$(requirements))
	@touch $@
$(VENV)/ready-cluster: $(VENV)/ready requirements-cluster.txt
	$(call install,requirements-cluster.txt)
	@touch $@
$(VENV)/ready-dev: $(VENV)/ready-cluster requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch $@

# The oldest Keras that exported files are made for, beside the installed one.
$(VENV)/keras-3.10: | $(VENV)/ready
	$(pip) --no-deps --target $@ keras==3.10.0

download: $(VENV)/ready ## Fetch the files and today's leaderboard from Kaggle, or FROM=<folder, zip or .tar.gz>
	$(call run,data.download)

demo: $(VENV)/ready ## Everything on rendered faces: no account, no download
	$(no_variables)
	$(call run,data.demo) DATA=data/rendered
	$(call run,kfold.cv) DATA=data/rendered RUN=demo PRESET=demo
	$(call run,submit.submit) DATA=data/rendered RUN=demo DRY=1

cv: $(VENV)/ready$(if $(CLUSTER),-cluster) ## Cross-validate models and write the leaderboard
	$(call run,kfold.cv)

folds: $(VENV)/ready ## Write a run's folds.csv, to train models elsewhere by it
	$(call run,kfold.assign)

join: $(VENV)/ready ## Make predictions from elsewhere a line of a run: FROM=<folder> NAME=<line>
	$(call run,kfold.join)

tune: $(VENV)/ready-cluster ## Search for a better recipe, TRIALS= or MINUTES= long; CODE= MODEL= for one of your own
	$(call run,kfold.tune)

config: $(VENV)/ready ## Print a preset as JSON, to change and train with CONFIG=<file>
	$(call run,kfold.config)

submit: $(VENV)/ready ## Write and check submission.csv, upload it where there are credentials (DRY=1: don't)
	$(call run,submit.submit)

submissions: $(VENV)/ready ## Print every submission with its scores, asking for those that are missing
	$(call run,submit.submissions)

report: $(VENV)/ready ## Write a run's leaderboard page again, or compare several: RUN="a b"
	$(call run,kfold.report)

review: $(VENV)/ready ## Look at every face, suspects first, and correct its labels (SERVE=0: only write the page)
	$(call run,kfold.review)

predict: $(VENV)/ready ## Predict and draw the keypoints of the faces in photos: IMAGE="a.jpg folder"
	$(call run,kfold.predict)

export: $(VENV)/ready ## Write a run's best network as .keras and .tflite
	$(call run,kfold.export)

preview: $(VENV)/ready ## Draw a contact sheet of every augmentation policy
	$(call run,kfold.preview)

test: $(VENV)/ready-dev $(VENV)/keras-3.10 ## Lint, formats, types, import rules, then the tests
	$(no_variables)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/python -m tests.browser
	@$(VENV)/bin/python -m pytest

bench: $(VENV)/ready-dev ## Time every stage against the obvious way; DATA= adds loading, memory and reports
	$(call run,tests.bench)

clean: ## Remove .venv and caches; downloads and runs stay
	$(no_variables)
	rm -rf $(VENV) data/cache data/rendered .pytest_cache .mypy_cache .ruff_cache .hypothesis
