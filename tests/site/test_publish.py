"""The book away from here: as a zip opened from disk, on a host, from a workflow."""

import shutil
from pathlib import Path

import pytest
import yaml
from built import HTML, PAGES, ROOT

WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory) -> Path:
    """Return a folder with the book, packed and unpacked again elsewhere."""
    folder = tmp_path_factory.mktemp("a reader's disk")
    archive = shutil.make_archive(str(folder / "book"), "zip", HTML.parent, HTML.name)
    shutil.unpack_archive(archive, folder)
    return folder / HTML.name


def test_book_opens_from_disk(page, unpacked):
    page.goto((unpacked / "index.html").as_uri())
    page.wait_for_url("**/chapters/index.html")
    for name in PAGES:
        page.goto((unpacked / name).as_uri())
        page.wait_for_load_state("networkidle")
        broken = page.locator("img").evaluate_all(
            "all => all.filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        )
        assert broken == []


def test_host_serves_files_that_begin_with_an_underscore():
    assert (HTML / ".nojekyll").exists()


class TestWorkflow:
    """The file that publishes. That it runs can only be seen where it runs."""

    @pytest.fixture
    def publish(self) -> dict:
        return yaml.safe_load((WORKFLOWS / "publish.yml").read_text())

    def test_follows_ci_on_main(self, publish):
        ci = yaml.safe_load((WORKFLOWS / "ci.yml").read_text())
        after = publish[True]["workflow_run"]  # YAML reads the key `on` as true
        assert after == {
            "workflows": [ci["name"]],
            "branches": ["main"],
            "types": ["completed"],
        }

    def test_is_not_started_by_a_fork(self, publish):
        condition = publish["jobs"]["build"]["if"]
        assert "head_repository.full_name == github.repository" in condition
        assert "workflow_run.event == 'push'" in condition

    def test_may_write_nothing_but_pages(self, publish):
        assert publish["permissions"] == {"contents": "read"}
        assert "permissions" not in publish["jobs"]["build"]
        rights = publish["jobs"]["publish"]["permissions"]
        assert rights == {"pages": "write", "id-token": "write"}

    def test_names_a_version_of_each_action_and_tests_before_it_publishes(
        self, publish
    ):
        steps = [s for job in publish["jobs"].values() for s in job["steps"]]
        uses = [step["uses"] for step in steps if "uses" in step]
        assert all(use.startswith("actions/") for use in uses)
        assert all(use.rpartition("@v")[2].isdigit() for use in uses)
        assert any("site-test" in step.get("run", "") for step in steps)
        assert publish["jobs"]["publish"]["needs"] == "build"
