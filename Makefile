# The front door. Every target calls one module; `make help` lists them.
#
#   DATA=<folder>   with the competition's four files, zipped or not   (data/raw)
#   RUN=<name>      of a run; its folder is runs/<name>
#                   (cv: the preset's name, or CONFIG's; tune: tune; the others: the latest run)
#   RUNS="a b"      runs for `make report` to compare
#   PRESET=<name>   for cv and config: quick, standard, best, ablation (standard)
#   CONFIG=<json>   for cv: recipes to train instead of a preset's, such as a search's winner.json
#   MODELS="a b"    models to train instead of the preset's
#   FOLDS= SEEDS= EPOCHS= POLICY=   for cv: change the preset; FOLDS= and EPOCHS= for tune, too
#   JOBS=<n>        trainings at a time                                (what suits the machine)
#   CLUSTER=ray     train on the Ray cluster at RAY_ADDRESS            (one started here)
#   CPUS= GPUS=     on a cluster: of each training, such as GPUS=0.25  (1 and 0)
#   TRIALS= MINUTES=   for tune: how long to search                    (30 trials)
#   CORRECTIONS=<csv>      for cv and tune: labels to drop or to change in training, such as a suspects.csv
#   FROM=<folder or zip>   for download: files that are here already, without an account
#   NAME=<line>     for submit: of the run's leaderboard                (the first that was trained)
#   IMAGE="a.jpg b" photos and folders of photos for `make predict`; for names with blanks, their folder
#   WHOLE=1         for predict: each whole image is one face, framed as in the competition
#   OUT=<folder>    for predict and export     (runs/<run>/predicted, runs/<run>/exported)
#   DRY=1           for submit: show what would be sent, and stop
#   FORCE=1         do again what is done, send again what was sent

# Its targets build on each other's files, and what trains takes all cores.
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
RUN_PYTHON := $(VENV)/bin/python

# --name 'value' for each of these variables that is set; not every shell has replaced a ~ in it
quoted = '$(subst ','\'',$(patsubst ~/%,$(HOME)/%,$($(1))))'
option = $(foreach name,$(1),$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $(call quoted,$(name))))
# --name and its words, for variables that hold several
several = $(foreach name,$(1),$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $($(name))))
# --name for each of these variables that is set, but not to 0
flags = $(foreach name,$(1),$(if $(filter-out 0,$($(name))),--$(shell echo $(name) | tr A-Z a-z)))

# WSL has a variable of that name in the environment, the machine's.
ifeq ($(origin NAME) $(NAME),environment $(shell uname -n))
NAME :=
endif

# What would be passed over in silence, from the environment, too.
$(if $(and $(filter tune,$(MAKECMDGOALS)),$(PRESET)$(CONFIG)$(MODELS)$(SEEDS)$(POLICY)),$(error tune starts from the quick preset, with one seed: PRESET=, CONFIG=, MODELS=, SEEDS= and POLICY= are not for it))

# What each target takes: any other variable on the command line would be passed over in silence.
place := JOBS CLUSTER CPUS GPUS
takes.download := DATA FROM FORCE
takes.cv := DATA RUN PRESET CONFIG MODELS FOLDS SEEDS EPOCHS POLICY CORRECTIONS FORCE $(place)
takes.tune := DATA RUN FOLDS EPOCHS TRIALS MINUTES CORRECTIONS FORCE $(place)
takes.config := PRESET
takes.submit := RUN DATA NAME DRY FORCE
takes.submissions := DATA
takes.report := RUNS RUN DATA
takes.predict := IMAGE RUN DATA OUT WHOLE
takes.export := RUN DATA OUT
takes.preview := DATA
takes.bench := DATA
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
strange := $(filter-out PYTHON VENV RUN_PYTHON $(foreach goal,$(MAKECMDGOALS),$(takes.$(goal))),$(given))
taken := $(foreach goal,$(MAKECMDGOALS),$(takes.$(goal):%=%=))
$(if $(strange),$(error $(strange:%=%=) $(if $(word 2,$(strange)),are,is) not for `make $(MAKECMDGOALS)`, which takes $(or $(taken),no variables)))

.DEFAULT_GOAL := help
.PHONY: help setup download demo cv tune config submit submissions report predict export preview test bench clean

help: ## Show this
	@awk -F ':.*## ' '/^#  / {sub(/^#/, ""); notes = notes "\n" $$0} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2} END {print "\nVariables (default)" notes}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## Build .venv from the pinned requirements; the others do so on first use
$(VENV)/ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "error: expected Python 3.11 to 3.13, found $$($(PYTHON) --version); pass PYTHON=<path>" >&2; exit 1; }
	@echo "Building $(VENV), which takes some minutes" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(RUN_PYTHON) -m pip install --quiet --no-compile -c constraints.txt -r requirements.txt
	@touch $@
$(VENV)/ready-cluster: $(VENV)/ready requirements-cluster.txt
	@$(RUN_PYTHON) -m pip install --quiet --no-compile -c constraints.txt -r requirements-cluster.txt
	@touch $@
$(VENV)/ready-dev: $(VENV)/ready requirements-cluster.txt requirements-dev.txt
	@$(RUN_PYTHON) -m pip install --quiet --no-compile -c constraints.txt -r requirements-dev.txt
	@touch $@

download: $(VENV)/ready ## Fetch the files and today's leaderboard from Kaggle, or FROM=<folder or zip>
	@$(RUN_PYTHON) -m data.download $(if $(DATA),--out $(call quoted,DATA)) $(call option,FROM) $(call flags,FORCE)

demo: $(VENV)/ready ## Everything on rendered faces: no account, no download
	@$(RUN_PYTHON) -m data.demo --out data/rendered
	@$(MAKE) --no-print-directory cv submit DATA=data/rendered RUN=demo PRESET=demo DRY=1

cv: $(VENV)/ready$(if $(CLUSTER),-cluster) ## Cross-validate models and write the leaderboard
	@$(RUN_PYTHON) -m kfold.cv $(call several,MODELS) $(call option,DATA RUN PRESET CONFIG FOLDS SEEDS EPOCHS POLICY JOBS CLUSTER CPUS GPUS CORRECTIONS) $(call flags,FORCE)

tune: $(VENV)/ready-cluster ## Search for a better recipe with Optuna, TRIALS= or MINUTES= long
	@$(RUN_PYTHON) -m kfold.tune $(call option,DATA RUN FOLDS EPOCHS TRIALS MINUTES JOBS CLUSTER CPUS GPUS CORRECTIONS) $(call flags,FORCE)

config: $(VENV)/ready ## Print a preset as JSON, to change and train with CONFIG=<file>
	@$(RUN_PYTHON) -m kfold.config_file $(call option,PRESET)

submit: $(VENV)/ready ## Write and check submission.csv, upload it where there are credentials
	@$(RUN_PYTHON) -m submit.submit $(call option,RUN DATA NAME) $(call flags,DRY FORCE)

submissions: $(VENV)/ready ## Print every submission with its scores, asking for those that are missing
	@$(RUN_PYTHON) -m submit.submissions $(call option,DATA)

report: $(VENV)/ready ## Write the leaderboard page of a run again, or of several side by side
	@$(RUN_PYTHON) -m kfold.report $(if $(RUNS)$(RUN),--runs $(or $(RUNS),$(RUN))) $(call option,DATA)

predict: $(VENV)/ready ## Find the faces in photos IMAGE="a.jpg folder", predict and draw their keypoints
	@$(RUN_PYTHON) -m kfold.predict $(call several,IMAGE) $(call option,RUN DATA OUT) $(call flags,WHOLE)

export: $(VENV)/ready ## Write a run's best network as .keras and .tflite
	@$(RUN_PYTHON) -m kfold.export $(call option,RUN DATA OUT)

preview: $(VENV)/ready ## Draw a contact sheet of every augmentation policy
	@$(RUN_PYTHON) -m augment.preview $(call option,DATA)

test: $(VENV)/ready-dev ## Lint, format and type checks, then the tests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(RUN_PYTHON) -m pytest

bench: $(VENV)/ready-dev ## Time every stage against the obvious way; DATA= for loading and memory
	@$(RUN_PYTHON) -m tests.bench $(call option,DATA)

clean: ## Remove .venv and caches; downloads and runs stay
	rm -rf $(VENV) data/cache data/rendered .pytest_cache .mypy_cache .ruff_cache .hypothesis
